package echo

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func build(t testing.TB) protocol.Protocol {
	t.Helper()
	f, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	return f.BuildProtocol(nil)
}

func FuzzEcho(f *testing.F) {
	f.Add([]byte("hello"))
	f.Add([]byte("\x00\xff\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return build(t), nil })
		if got := reactortest.Feed(build(t), input, reactortest.Whole()).Output; got != string(input) {
			t.Errorf("echoed %q, want %q", got, input)
		}
	})
}

func TestPeerThatDoesNotReadIsNotReadFrom(t *testing.T) {
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, build(t))
	p.Settle()
	client.Transport.PauseReading()
	sent := 0
	for client.Transport.Buffered() < 128<<10 {
		n, err := client.Transport.Write([]byte(strings.Repeat("x", 32<<10)))
		if err != nil {
			t.Fatal(err)
		}
		sent += n
		p.Settle()
	}
	if p.Server.Lost() != nil || !p.Server.ReadingPaused() {
		t.Fatalf("lost: %v, reading paused: %v", p.Server.Lost(), p.Server.ReadingPaused())
	}
	client.Transport.ResumeReading()
	p.Settle()
	if got := len(client.Received); got != sent {
		t.Errorf("received %d of %d bytes", got, sent)
	}
}

func TestDatagram(t *testing.T) {
	f, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := moduletest.Ask(t, f, 4000, "hello"); len(got) != 1 || got[0] != "hello" {
		t.Errorf("%q", got)
	}
}
