package reactor_test

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
)

func TestReact(t *testing.T) {
	type program func(r *reactor.Reactor) *deferred.Deferred[int]
	later := func(err error) program {
		return func(r *reactor.Reactor) *deferred.Deferred[int] {
			return deferred.Later(r.Loops()[0], time.Millisecond, func() (int, error) { return 5, err })
		}
	}
	endless := func(then func(r *reactor.Reactor) error) program {
		return func(r *reactor.Reactor) *deferred.Deferred[int] {
			if err := then(r); err != nil {
				t.Error(err)
			}
			return deferred.New[int](r.Loops()[0])
		}
	}
	for name, c := range map[string]struct {
		program program
		want    int
		log     string // is logged; empty: nothing is
	}{
		"success":               {later(nil), 0, ""},
		"at once":               {func(r *reactor.Reactor) *deferred.Deferred[int] { return deferred.Succeed(r.Loops()[0], 5) }, 0, ""},
		"failure":               {later(errors.New("out of luck")), 1, "out of luck"},
		"status":                {later(fmt.Errorf("asked for: %w", reactor.ExitStatus(7))), 7, ""},
		"panic":                 {func(*reactor.Reactor) *deferred.Deferred[int] { panic("out of luck") }, 1, "out of luck"},
		"stopped":               {endless((*reactor.Reactor).Stop), 0, ""},
		"stopped with a status": {endless(func(r *reactor.Reactor) error { return r.Loops()[0].Stop(3) }), 3, ""},
		"a signal": {endless(func(*reactor.Reactor) error {
			self, err := os.FindProcess(os.Getpid())
			if err != nil {
				return err
			}
			return self.Signal(syscall.SIGTERM)
		}), 0, "draining"},
	} {
		t.Run(name, func(t *testing.T) {
			lines := &logLines{}
			cfg := reactor.Config{Loops: 1, Logger: slog.New(slog.NewTextHandler(lines, nil))}
			if got := reactor.React(cfg, c.program); got != c.want {
				t.Errorf("exit status %d, want %d", got, c.want)
			}
			if text := lines.String(); !strings.Contains(text, c.log) || c.log == "" && text != "" {
				t.Errorf("logged %q", text)
			}
		})
	}
	lines := &logLines{}
	cfg := reactor.Config{Loops: -1, Logger: slog.New(slog.NewTextHandler(lines, nil))}
	if got := reactor.React(cfg, later(nil)); got != 1 || !strings.Contains(lines.String(), "Loops is -1") {
		t.Errorf("exit status %d, logged %q", got, lines)
	}
}
