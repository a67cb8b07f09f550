package portforward

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const backendAt = "tcp:80:interface=10.0.0.1"

// forwarding is a forwarder in memory, its client and its backend.
type forwarding struct {
	*reactortest.Reactor
	t       *testing.T
	client  *reactortest.Recorder
	inner   *reactortest.Conn     // the forwarder's end of the client's connection
	backend *reactortest.Recorder // nil until it is connected to
}

func forward(t *testing.T, mode string) *forwarding {
	t.Helper()
	f := &forwarding{Reactor: reactortest.NewReactor(), t: t}
	if _, err := f.Listen(backendAt, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		f.backend = &reactortest.Recorder{}
		return f.backend
	})); err != nil {
		t.Fatal(err)
	}
	f.dial(mode)
	return f
}

func (f *forwarding) dial(mode string) {
	f.t.Helper()
	factory, err := New(f.Reactor, Config{To: "tcp:10.0.0.1:80", Mode: mode})
	if err != nil {
		f.t.Fatal(err)
	}
	f.client = &reactortest.Recorder{}
	f.inner = f.Join(f.client, factory.BuildProtocol(nil)).Server
}

// settle also checks that the backend is there.
func (f *forwarding) settle() {
	f.t.Helper()
	f.Settle()
	if f.backend == nil {
		f.t.Fatal("the backend is not connected to")
	}
}

// over checks that nothing is left of the connections.
func (f *forwarding) over() {
	f.t.Helper()
	f.Settle()
	if n := len(f.Connections()); n > 0 {
		f.t.Errorf("%d ends of connections are left", n)
	}
	if n := f.Pending(); n > 0 {
		f.t.Errorf("%d timers are left", n)
	}
}

func inBothModes(t *testing.T, test func(t *testing.T, mode string)) {
	for _, mode := range []string{ModeSplice, ModeRelay} {
		t.Run(mode, func(t *testing.T) { test(t, mode) })
	}
}

func TestBothWays(t *testing.T) {
	inBothModes(t, func(t *testing.T, mode string) {
		for _, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Sizes(3), reactortest.Sizes(1)} {
			f := forward(t, mode)
			f.Chunks = chunks
			text := strings.Repeat("0123456789", 100)
			f.client.Transport.Write([]byte(text)) // before there is a backend
			f.settle()
			f.backend.Transport.Write([]byte("answer"))
			f.Settle()
			if got := f.backend.Take(); got != text {
				t.Errorf("the backend is sent %d bytes, want %d", len(got), len(text))
			}
			if got := f.client.Take(); got != "answer" {
				t.Errorf("the client is sent %q", got)
			}
			f.client.Transport.LoseConnection()
			f.Settle()
			f.backend.Transport.LoseConnection()
			f.over()
		}
	})
}

// TestProxyProtocol: the backend is told whom a connection is from before it is sent anything else.
func TestProxyProtocol(t *testing.T) {
	inBothModes(t, func(t *testing.T, mode string) {
		for name, version := range map[string]int{ProxyV1: 1, ProxyV2: 2} {
			f := forward(t, mode)
			factory, err := New(f.Reactor, Config{To: "tcp:10.0.0.1:80", Mode: mode, Proxy: name})
			if err != nil {
				t.Fatal(err)
			}
			f.Settle()
			inner := f.Join(f.client, factory.BuildProtocol(nil)).Server
			f.client.Transport.Write([]byte("hello"))
			f.settle()
			want := policy.ProxyHeader{Version: version, Source: inner.Peer(), Destination: inner.Host()}
			if got := f.backend.Take(); got != string(policy.AppendProxyHeader(nil, want))+"hello" {
				t.Errorf("%s: the backend is sent %q", name, got)
			}
		}
	})
}

// halfCloser keeps its connection open when the peer has said all.
type halfCloser struct {
	reactortest.Recorder
	ended bool
}

func (h *halfCloser) ReadConnectionLost()  { h.ended = true }
func (h *halfCloser) WriteConnectionLost() {}

func TestHalfClose(t *testing.T) {
	inBothModes(t, func(t *testing.T, mode string) {
		for _, early := range []bool{false, true} {
			f := &forwarding{Reactor: reactortest.NewReactor(), t: t}
			backend, client := &halfCloser{}, &halfCloser{}
			if _, err := f.Listen(backendAt, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return backend })); err != nil {
				t.Fatal(err)
			}
			factory, err := New(nil, Config{To: "tcp:10.0.0.1:80", Mode: mode})
			if err != nil {
				t.Fatal(err)
			}
			f.Join(client, factory.BuildProtocol(nil))
			if !early {
				f.Settle()
			}
			client.Transport.Write([]byte("question"))
			client.Transport.LoseWriteConnection()
			f.Settle()
			if got := backend.Take(); got != "question" || !backend.ended || backend.Reason != nil {
				t.Fatalf("the backend is sent %q, its end %v, lost %v", got, backend.ended, backend.Reason)
			}
			backend.Transport.Write([]byte("answer"))
			f.Settle()
			if got := client.Take(); got != "answer" || client.ended {
				t.Errorf("the client is sent %q, its end %v", got, client.ended)
			}
			backend.Transport.LoseConnection()
			f.over()
			if !client.ended {
				t.Error("the client does not hear of the backend's end")
			}
		}
	})
}

func TestBackpressure(t *testing.T) {
	inBothModes(t, func(t *testing.T, mode string) {
		f := forward(t, mode)
		f.settle()
		for _, way := range []struct{ from, to *reactortest.Recorder }{{f.client, f.backend}, {f.backend, f.client}} {
			way.to.Transport.PauseReading()
			sent := 0
			for way.from.Transport.Buffered() < 128<<10 {
				n, err := way.from.Transport.Write(bytes.Repeat([]byte("x"), 32<<10))
				if err != nil {
					t.Fatal(err)
				}
				sent += n
				f.Settle()
			}
			if way.to.Reason != nil || sent > 1<<20 {
				t.Errorf("%d bytes are taken for an end that does not read (%v)", sent, way.to.Reason)
			}
			way.to.Transport.ResumeReading()
			f.Settle()
			if got := len(way.to.Take()); got != sent {
				t.Errorf("%d of %d bytes arrive", got, sent)
			}
		}
	})
}

func TestResetIsPassedOn(t *testing.T) {
	inBothModes(t, func(t *testing.T, mode string) {
		f := forward(t, mode)
		f.settle()
		f.client.Transport.AbortConnection()
		f.over()
		if protocol.ReasonOf(f.backend.Reason) != protocol.ErrConnectionLost {
			t.Errorf("the backend is lost with %v", f.backend.Reason)
		}
		f = forward(t, mode)
		f.settle()
		f.backend.Transport.AbortConnection()
		f.over()
		if protocol.ReasonOf(f.client.Reason) != protocol.ErrConnectionLost {
			t.Errorf("the client is lost with %v", f.client.Reason)
		}
	})
}

func TestBackendThatCannotBeReached(t *testing.T) {
	for name, reason := range map[string]error{"refused": protocol.ErrConnectionRefused, "silent": protocol.ErrTimeout, "denied": protocol.ErrDenied} {
		t.Run(name, func(t *testing.T) {
			f := &forwarding{Reactor: reactortest.NewReactor(), t: t}
			f.Unreachable("10.0.0.1:80", reason)
			f.dial("")
			f.client.Transport.Write([]byte("hello"))
			f.Settle()
			if reason == protocol.ErrTimeout {
				if f.client.Reason != nil {
					t.Fatal("lost before its time")
				}
				f.Advance(30 * time.Second)
			}
			f.over()
			if f.client.Reason == nil || len(f.client.Received) > 0 {
				t.Errorf("the client is sent %q and lost with %v", f.client.Received, f.client.Reason)
			}
		})
	}
}

func TestClientThatLeavesBeforeTheBackendIsThere(t *testing.T) {
	f := &forwarding{Reactor: reactortest.NewReactor(), t: t}
	f.Unreachable("10.0.0.1:80", protocol.ErrTimeout)
	f.dial("")
	f.Settle()
	f.client.Transport.AbortConnection()
	f.over()
}

// A client that sends without end to a backend which does not come is not read from.
func TestEndlessClientWithoutBackend(t *testing.T) {
	f := &forwarding{Reactor: reactortest.NewReactor(), t: t}
	f.Unreachable("10.0.0.1:80", protocol.ErrTimeout)
	f.dial("")
	for range 10 {
		f.client.Transport.Write(make([]byte, 32<<10))
		f.Settle()
	}
	if !f.inner.ReadingPaused() {
		t.Error("it is read from")
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings("to", "unix:/run/x", "mode", "relay", "proxy-protocol", "v2"))
	if err != nil || c != (Config{"unix:/run/x", ModeRelay, ProxyV2}) {
		t.Errorf("%+v, %v", c, err)
	}
	if _, err := Configure(moduletest.Settings("mode", "copy")); err == nil {
		t.Error("an unknown mode is taken")
	}
	for _, c := range []Config{{To: "udp:a:1"}, {To: "localhost"}, {Mode: "copy"}, {Proxy: "v3"}} {
		if _, err := New(nil, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// FuzzForward sends anything in any chunks: it comes out at the other end, whatever the mode.
func FuzzForward(f *testing.F) {
	f.Add([]byte("hello"), byte(1), true)
	f.Add([]byte("\x00\xff\r\n"), byte(3), false)
	f.Fuzz(func(t *testing.T, input []byte, size byte, splice bool) {
		mode := ModeRelay
		if splice {
			mode = ModeSplice
		}
		w := forward(t, mode)
		w.Chunks = reactortest.Sizes(1 + int(size))
		w.client.Transport.Write(input)
		w.settle()
		if got := w.backend.Take(); got != string(input) {
			t.Errorf("%q arrives as %q", input, got)
		}
	})
}
