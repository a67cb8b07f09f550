package vectors

import (
	"bytes"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/modules/amp"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/builtin/app"
	"github.com/wasmnet/wasmnet/modules/builtin/wire"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/tests/vectors/report"
)

// factory makes a module's native factory. What the module would print goes to printed.
func (s *script) factory(r protocol.Reactor, printed *bytes.Buffer) (protocol.Factory, error) {
	lookup := settings(s.config)
	switch s.module {
	case "framing": // its output is the test's
		c, err := framing.Configure(lookup)
		if err != nil {
			return nil, err
		}
		c.Output = printed
		return framing.New(r, c)
	case "amp":
		c, err := amp.Configure(lookup)
		if err != nil {
			return nil, err
		}
		c.Output = printed
		return amp.New(r, c)
	case reportModule:
		return report.Build(printed, lookup)
	}
	return build(s.module, r, lookup)
}

// build makes the factory of a built-in module.
func build(module string, r protocol.Reactor, lookup func(string) (string, bool)) (protocol.Factory, error) {
	if _, ok := app.Modules[module]; ok {
		return builtin.Build(app.Modules, module, r, lookup)
	}
	return builtin.Build(wire.Modules, module, r, lookup)
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
	if s.wrap != nil {
		f = s.wrap(f)
	}
	transport.PeerAddress, transport.HostAddress = protocol.TCPAddress{AddrPort: casePeer}, protocol.TCPAddress{AddrPort: caseHost}
	p := f.BuildProtocol(transport.Peer())
	p.ConnectionMade(transport)
	for _, chunk := range chunks {
		if transport.Disconnecting() {
			break
		}
		if len(chunk) > 0 {
			p.DataReceived(slices.Clone(chunk))
			transport.Clock.Advance(0) // what was put off to the next turn
		}
	}
	return s.observe(printed.String(), []byte(transport.Take()), transport.Disconnecting(), [2]string{casePeer.String(), caseHost.String()})
}
