// Package websocket serves WebSocket (RFC 6455) with github.com/coder/websocket on net/http: an echo, or a chat with
// the page that it is used from.
package websocket

import (
	"context"
	_ "embed"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/wasmnet/wasmnet/modules/internal/httpserver"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
)

// Config says what is served.
type Config struct {
	App        string        // "chat" or "echo"
	Origins    []string      // patterns of hosts whose pages may connect, beside the server's own
	MaxMessage int           // bytes
	Ping       time.Duration // between pings of a client
	Members    int           // of the chat
	Server     httpserver.Config
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		App:        s.Choice("app", "chat", "echo"),
		Origins:    strings.Fields(s.Text("origins", "")),
		MaxMessage: s.Int("max-message", 4096, 1, 1<<20),
		Ping:       s.Duration("ping", 30*time.Second, 10*time.Millisecond),
		Members:    s.Int("members", 200, 1, 10_000),
		Server:     httpserver.Read(s),
	}
	return c, s.Err()
}

//go:embed chat.html
var page string

// New returns the server: a function that serves a listener until it is closed. WebSockets are at the path "/ws", and with
// the chat its page at "/".
func New(c Config) func(net.Listener) error {
	mux := http.NewServeMux()
	use := echo
	if c.App == "chat" {
		use = newRoom(c.Members).join
		mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'")
			_, _ = io.WriteString(w, page) // the client may have gone
		})
	}
	mux.HandleFunc("GET /ws", func(w http.ResponseWriter, r *http.Request) {
		socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: c.Origins})
		if err != nil {
			return // it has been answered
		}
		socket.SetReadLimit(int64(c.MaxMessage))
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		go ping(ctx, socket, c.Ping)
		_ = use(ctx, socket) // how a client goes is its own affair
		_ = socket.CloseNow()
	})
	return func(l net.Listener) error { return httpserver.Serve(l, mux, c.Server) }
}

// Warm is a client's first request.
func Warm(c net.Conn) { httpserver.Warm(c, "GET", "/") }

// ping sees that a client which is gone without a word is noticed: one that does not answer in time is closed.
func ping(ctx context.Context, socket *websocket.Conn, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		timeout, cancel := context.WithTimeout(ctx, every)
		err := socket.Ping(timeout)
		cancel()
		if err != nil {
			_ = socket.CloseNow()
			return
		}
	}
}

// echo sends messages back, of the type they have.
func echo(ctx context.Context, socket *websocket.Conn) error {
	for {
		kind, message, err := socket.Read(ctx)
		if err != nil {
			return err
		}
		if err := socket.Write(ctx, kind, message); err != nil {
			return err
		}
	}
}
