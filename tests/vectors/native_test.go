package vectors

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/discard"
	"github.com/wasmnet/wasmnet/modules/echo"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/modules/qotd"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// factory makes a module's native factory. What the module would print goes to printed.
func (s *script) factory(r protocol.Reactor, printed *bytes.Buffer) (protocol.Factory, error) {
	lookup := func(key string) (string, bool) { v, ok := s.config[key]; return v, ok }
	switch s.module {
	case "framing":
		c, err := framing.Configure(lookup)
		if err != nil {
			return nil, err
		}
		c.Output = printed
		return framing.New(r, c)
	case "echo":
		return configured(r, lookup, echo.Configure, echo.New)
	case "discard":
		return configured(r, lookup, discard.Configure, discard.New)
	case "qotd":
		return configured(r, lookup, qotd.Configure, qotd.New)
	}
	return nil, fmt.Errorf("module %q has no native form here", s.module)
}

func configured[C any](r protocol.Reactor, lookup func(string) (string, bool), configure func(func(string) (string, bool)) (C, error),
	build func(protocol.Reactor, C) (protocol.Factory, error)) (protocol.Factory, error) {
	c, err := configure(lookup)
	if err != nil {
		return nil, err
	}
	return build(r, c)
}

// native plays chunks against the native protocol, in memory.
func (s *script) native(t *testing.T, chunks [][]byte) observed {
	t.Helper()
	var printed bytes.Buffer
	transport := reactortest.NewStringTransport()
	f, err := s.factory(transport.Reactor(), &printed)
	if err != nil {
		t.Fatal(err)
	}
	p := f.BuildProtocol(transport.Peer())
	p.ConnectionMade(transport)
	for _, chunk := range chunks {
		if transport.Disconnecting() {
			break
		}
		if len(chunk) > 0 {
			p.DataReceived(slices.Clone(chunk))
		}
	}
	return observe(printed.String(), []byte(transport.Take()), transport.Disconnecting())
}

// observe puts together what was seen of a conversation. The lines printed are those of module framing.
func observe(printed string, output []byte, closed bool) observed {
	delivered := []string{}
	for line := range strings.Lines(printed) {
		if message, ok := strings.CutPrefix(line, "delivered "); ok {
			delivered = append(delivered, strings.TrimSuffix(message, "\n"))
		}
	}
	return observed{
		"delivered": fmt.Sprintf("%q", delivered),
		"output":    fmt.Sprintf("%x", output),
		"close":     fmt.Sprint(closed),
	}
}
