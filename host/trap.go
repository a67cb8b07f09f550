package host

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"runtime"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxFrames is how many guest functions a trap names.
const maxFrames = 8

// translate makes an error of this package's of what wazero says about a call that failed.
func (i *instance) translate(e abi.Event, err error) error {
	var limit *LimitError
	var exit *ExitError
	var reason protocol.Reason
	switch {
	case errors.As(err, &limit):
		return limit
	case errors.As(err, &exit):
		return exit
	case errors.As(err, &reason):
		return reason
	}
	var fault runtime.Error
	if errors.As(err, &fault) {
		return fmt.Errorf("fault in the host, during %s: %w", e, err)
	}
	reasonText, trace, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	reasonText = strings.TrimPrefix(reasonText, "wasm error: ")
	reasonText = strings.TrimSuffix(reasonText, " (recovered by wazero)")
	if strings.Contains(reasonText, "stack overflow") {
		return i.svc.limitError("stack") // frames larger than the rewriter took them to be
	}
	name := "the start function"
	if e < abi.NumEvents {
		name = e.String()
	}
	return &Trap{Event: name, Reason: reasonText, Frames: frames(trace)}
}

// frame is a line of wazero's stack trace: "module.name(types) results". Names may hold parentheses themselves.
var frame = regexp.MustCompile(`^\t[^.]*\.(.*?)\((?:[ifv0-9]+|funcref|externref|,)*\)(?: .*)?$`)

// frames reads the guest's functions from a stack trace.
func frames(trace string) []string {
	var list []string
	for line := range strings.Lines(trace) {
		m := frame.FindStringSubmatch(strings.TrimRight(line, "\n"))
		if m == nil {
			break // the Go stack of a fault in the host
		}
		if strings.HasPrefix(m[1], "wasmnet_") || strings.HasPrefix(m[1], "$") {
			continue
		}
		if len(list) == maxFrames {
			return append(list, "...")
		}
		list = append(list, printable(m[1]))
	}
	return list
}

// failed counts and logs the end of an instance by err.
func (s *Service) failed(i *instance, err error) {
	var limit *LimitError
	var attrs []any
	c := i.account
	if c != nil {
		attrs = append(attrs, "conn", c.id, "peer", peerText(c.t))
	}
	switch _, exit := exited(err); {
	case errors.As(err, &limit):
		s.breach(i, c, limit.Limit)
	case exit && i.exit != nil:
	case errors.Is(err, protocol.ErrShutdown):
		s.log.Debug("guest was stopped", append(attrs, "error", err)...)
	default:
		s.totals.Traps.Add(1)
		level := slog.LevelError
		if !s.failures.allow() {
			level = slog.LevelDebug // peers may know how to make a guest trap: that is no way to fill a disk
		}
		s.log.Log(s.ctx, level, "guest failed", append(attrs, "error", err)...)
	}
	if i.shard != nil {
		i.shard.shared.failed(i, err)
	}
}

// denied logs what a guest asked for and is not granted. grant, if there is one, is what would cover it, as the
// operator has to write it.
func (s *Service) denied(i *instance, kind, what, grant string) {
	if !s.deniedLog.allow() {
		return
	}
	attrs := []any{"grant", kind, "wanted", printable(what)}
	if grant != "" {
		attrs = append(attrs, "allow", kind+"="+printable(grant))
	}
	if c := i.account; c != nil {
		attrs = append(attrs, "conn", c.id)
	}
	s.log.Warn("denied", attrs...)
}
