package moduletest

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// Build returns a connection's protocol of a module's factory.
func Build[C any](t testing.TB, build func(protocol.Reactor, C) (protocol.Factory, error), c C) protocol.Protocol {
	t.Helper()
	f, err := build(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	return f.BuildProtocol(nil)
}

// CheckFlow sends a protocol requests whose answers nobody reads, and fails unless it stops reading them.
func CheckFlow(t testing.TB, server protocol.Protocol, request string) {
	t.Helper()
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, server)
	client.Transport.PauseReading()
	requests := []byte(strings.Repeat(request, 1000))
	for range 1000 {
		if client.Transport.Buffered() > 128<<10 {
			break
		}
		client.Transport.Write(requests)
		p.Settle()
	}
	if p.Server.Lost() != nil || !p.Server.ReadingPaused() {
		t.Errorf("lost: %v, reading paused: %v", p.Server.Lost(), p.Server.ReadingPaused())
	}
}
