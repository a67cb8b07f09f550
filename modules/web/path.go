package web

import (
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/percent"
)

// filePath is the name in the file system that a request target asks for, "." for the root. dir says that it ends
// with a slash. ok is false for what cannot name anything: a malformed escape, a component that leads upwards or is
// hidden, a slash or a zero byte in a component.
func filePath(target string) (name string, dir, ok bool) {
	// absolute-form: RFC 9112, section 3.2.2.
	for _, scheme := range []string{"http://", "https://"} {
		if len(target) >= len(scheme) && strings.EqualFold(target[:len(scheme)], scheme) {
			target = target[len(scheme):]
			i := strings.IndexAny(target, "/?")
			if i < 0 || target[i] == '?' {
				return ".", true, true
			}
			target = target[i:]
		}
	}
	target, _, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(target, "/") {
		return "", false, false
	}
	if target == "/" {
		return ".", true, true
	}
	name, dir = strings.CutSuffix(target[1:], "/")
	for component := range strings.SplitSeq(name, "/") {
		part, ok := percent.Decode(component)
		if !ok || part == "" || strings.ContainsAny(part, "/\\\x00") || part[0] == '.' && part != ".well-known" {
			return "", false, false
		}
	}
	name, ok = percent.Decode(name)
	return name, dir, ok
}

// contentTypes are those of files by the end of their names, in small letters.
var contentTypes = map[string]string{
	"html": "text/html; charset=utf-8", "htm": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
	"js": "text/javascript; charset=utf-8", "mjs": "text/javascript; charset=utf-8", "json": "application/json",
	"txt": "text/plain; charset=utf-8", "md": "text/markdown; charset=utf-8", "csv": "text/csv; charset=utf-8",
	"xml": "application/xml", "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg",
	"gif": "image/gif", "webp": "image/webp", "avif": "image/avif", "ico": "image/vnd.microsoft.icon",
	"wasm": "application/wasm", "pdf": "application/pdf", "zip": "application/zip", "gz": "application/gzip",
	"tar": "application/x-tar", "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "mp3": "audio/mpeg",
	"ogg": "audio/ogg", "wav": "audio/wav", "mp4": "video/mp4", "webm": "video/webm",
}

// contentType is the type of a file by its name.
func contentType(name string) string {
	if i := strings.LastIndexByte(name, '.'); i > 0 {
		if t, ok := contentTypes[strings.ToLower(name[i+1:])]; ok {
			return t
		}
	}
	return "application/octet-stream"
}
