//go:build wasip1

// Package guestlog is a slog.Handler for guests: records become lines of the host's log. It is a package of its own
// because log/slog adds half a megabyte to a guest.
package guestlog

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
)

// NewHandler returns a handler for records of min and above. A line has the message and the attributes as slog's
// TextHandler writes them; time and level are the host's to add.
func NewHandler(min slog.Leveler) slog.Handler {
	line := &strings.Builder{}
	text := slog.NewTextHandler(line, &slog.HandlerOptions{Level: min, ReplaceAttr: bare})
	return handler{text, line}
}

// bare drops the level; a record without a time is written without one.
func bare(groups []string, a slog.Attr) slog.Attr {
	if _, ok := a.Value.Any().(slog.Level); ok && len(groups) == 0 && a.Key == slog.LevelKey {
		return slog.Attr{}
	}
	return a
}

// handler has text write a record to line, which all handlers derived from one share: a guest has one thread, and a
// record is written and logged without a pause.
type handler struct {
	text slog.Handler
	line *strings.Builder
}

func (h handler) Enabled(ctx context.Context, l slog.Level) bool { return h.text.Enabled(ctx, l) }

func (h handler) Handle(ctx context.Context, r slog.Record) error {
	h.line.Reset()
	r.Time = time.Time{}
	if err := h.text.Handle(ctx, r); err != nil {
		return err
	}
	wasmnet.Log(level(r.Level), strings.TrimSuffix(h.line.String(), "\n"))
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.text.WithAttrs(attrs), h.line}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.text.WithGroup(name), h.line} }

func level(l slog.Level) int {
	switch {
	case l < slog.LevelInfo:
		return abi.LogDebug
	case l < slog.LevelWarn:
		return abi.LogInfo
	case l < slog.LevelError:
		return abi.LogWarn
	}
	return abi.LogError
}
