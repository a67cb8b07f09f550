package discard

import (
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func FuzzDiscard(f *testing.F) {
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, input []byte) {
		factory, err := New(nil, Config{})
		if err != nil {
			t.Fatal(err)
		}
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return factory.BuildProtocol(nil), nil })
		if r := reactortest.Feed(factory.BuildProtocol(nil), input, reactortest.Whole()); r.Output != "" || r.Closed {
			t.Errorf("discard %v", r)
		}
	})
}

func TestDatagram(t *testing.T) {
	f, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := moduletest.Ask(t, f, 4000, "hello"); got != nil {
		t.Errorf("%q", got)
	}
}
