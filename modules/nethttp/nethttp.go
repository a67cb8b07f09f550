// Package nethttp serves a text or static files with the standard library's net/http, in goroutines and with blocking
// reads. It is what any Go server is in a sandbox; package web does the same with the project's own parser.
package nethttp

import (
	"io"
	"io/fs"
	"net"
	"net/http"
	"path"
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/httpserver"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
)

// Config says what is served.
type Config struct {
	Serve  string // "text" or "files"
	Text   string // what Serve "text" answers
	Type   string // and its content type
	Root   string // where the directory of Serve "files" is
	Files  fs.FS  // that directory, for New
	Server httpserver.Config
}

// Configure reads a Config; lookup returns the value of a key. Files is the caller's to open.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Serve:  s.Choice("serve", "text", "files"),
		Text:   s.Text("text", "It works.\n"),
		Type:   s.Text("type", "text/plain; charset=utf-8"),
		Root:   s.Text("root", "/www"),
		Server: httpserver.Read(s),
	}
	return c, s.Err()
}

// New returns the server: a function that serves a listener until it is closed.
func New(c Config) func(net.Listener) error {
	h := text(c.Text, c.Type)
	if c.Serve == "files" {
		h = http.FileServerFS(visible{c.Files})
	}
	return func(l net.Listener) error { return httpserver.Serve(l, h, c.Server) }
}

// Warm is a client's first request.
func Warm(c net.Conn) { httpserver.Warm(c, "GET", "/") }

// text answers GET and HEAD of any path.
func text(body, contentType string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, body) // the client may have gone
	})
}

// visible is a file system without names that begin with a dot, but for ".well-known", and without lists of directories.
type visible struct{ fs.FS }

// Open implements [fs.FS].
func (v visible) Open(name string) (fs.File, error) {
	for part := range strings.SplitSeq(name, "/") {
		if len(part) > 1 && part[0] == '.' && part != ".well-known" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	f, err := v.FS.Open(name)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		index, err := fs.Stat(v.FS, path.Join(name, "index.html"))
		if err != nil || index.IsDir() {
			_ = f.Close() // nothing was written to it
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	return f, nil
}
