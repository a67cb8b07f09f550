package policy

import (
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// everything puts all policies around f.
func everything(f protocol.Factory) protocol.Factory {
	f = NewTrafficLoggingFactory(f, TrafficLog{Logger: slog.New(slog.DiscardHandler)})
	f = NewThrottlingFactory(f, Throttle{Read: PerConnection(1e9, 0, nil), Write: PerConnection(1e9, 0, nil)})
	f = NewTimeoutFactory(f, Timeouts{Idle: time.Hour, FirstByte: time.Hour, Total: 3 * time.Hour})
	f = NewLimitTotalConnectionsFactory(f, 2, nil)
	return NewLimitConnectionsByPeer(f, 2, 0)
}

// all is a protocol with all optional powers.
type all struct {
	halfCloserProtocol
	buf [8]byte
}

func (p *all) ReadBuffer() []byte { return p.buf[:] }

func TestExpose(t *testing.T) {
	type powers struct{ half, handshake, buffers bool }
	of := func(p protocol.Protocol) (have powers) {
		_, have.half = p.(protocol.HalfCloser)
		_, have.handshake = p.(protocol.HandshakeListener)
		_, have.buffers = p.(protocol.BufferProvider)
		return have
	}
	tests := []struct {
		inner protocol.Protocol
		want  powers
	}{
		{&reactortest.Recorder{}, powers{false, true, false}},
		{&halfCloserProtocol{}, powers{true, true, false}},
		{&buffered{}, powers{false, true, true}},
		{&all{}, powers{true, true, true}},
	}
	for _, test := range tests {
		w := &ProtocolWrapper{Protocol: test.inner}
		if got := of(Expose(w, test.inner)); got != test.want {
			t.Errorf("%T has %+v, want %+v", test.inner, got, test.want)
		}
		w.HandshakeCompleted() // does nothing if nobody wants to know
		w.ReadConnectionLost()
		w.WriteConnectionLost()
	}
}

// Behind all policies a protocol is told everything that it is told without.
func TestEverything(t *testing.T) {
	client, inner := &halfCloserProtocol{}, &all{}
	pair := reactortest.NewPair(client, build(everything(always(inner)), "1.2.3.4:5"))
	fmt.Fprint(client.Transport, "hello, world")
	pair.Settle()
	if got := string(inner.Received); got != "hello, world" {
		t.Errorf("received %q", got)
	}
	if err := inner.Transport.StartTLS(protocol.TLSOptions{Server: true}); err != nil {
		t.Fatal(err)
	}
	if err := client.Transport.StartTLS(protocol.TLSOptions{}); err != nil {
		t.Fatal(err)
	}
	pair.Settle()
	client.Transport.LoseWriteConnection()
	pair.Settle()
	p := &producer{}
	if err := inner.Transport.RegisterProducer(p, true); err != nil {
		t.Fatal(err)
	}
	if err := inner.Transport.RegisterProducer(p, true); err != protocol.ErrProducerRegistered {
		t.Errorf("a second producer: %v", err)
	}
	fmt.Fprint(inner.Transport, "answer")
	inner.Transport.LoseWriteConnection()
	pair.Settle()
	if got := fmt.Sprint(inner.events); got != "[handshake read]" || inner.Reason != nil {
		t.Errorf("events %v, lost by %v", got, inner.Reason)
	}
	inner.Transport.UnregisterProducer()
	pair.Settle()
	if protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone ||
		string(client.Received) != "answer" || pair.Pending() != 0 {
		t.Errorf("lost by %v, client has %q, %d timers are left", inner.Reason, client.Received, pair.Pending())
	}
	if Unwrap(inner.Transport) != protocol.Transport(pair.Server) {
		t.Errorf("unwrapped %T", Unwrap(inner.Transport))
	}
}

// The data path through all policies allocates nothing.
func TestAllocations(t *testing.T) {
	inner := &reactortest.Recorder{}
	p := build(everything(always(inner)), "1.2.3.4:5")
	tr := reactortest.NewStringTransport()
	p.ConnectionMade(tr)
	data := make([]byte, 64)
	inner.Received = make([]byte, 0, 1<<20)
	tr.Write(make([]byte, 1<<20))
	tr.Take()
	n := testing.AllocsPerRun(1000, func() {
		p.DataReceived(data)
		inner.Transport.Write(data)
	})
	if n != 0 {
		t.Errorf("%v allocations an event", n)
	}
}

// startedFactory is a factory with all optional powers.
type startedFactory struct {
	protocol.Factory
	calls []string
}

func (f *startedFactory) StartFactory() error {
	f.calls = append(f.calls, "start")
	return protocol.ErrDenied
}
func (f *startedFactory) StopFactory() { f.calls = append(f.calls, "stop") }
func (f *startedFactory) StartedConnecting(protocol.Connector) {
	f.calls = append(f.calls, "connecting")
}
func (f *startedFactory) ClientConnectionFailed(_ protocol.Connector, reason error) {
	f.calls = append(f.calls, "failed: "+reason.Error())
}
func (f *startedFactory) ClientConnectionLost(_ protocol.Connector, reason error) {
	f.calls = append(f.calls, "lost: "+reason.Error())
}

func (f *startedFactory) CheckAddress(addr netip.AddrPort) error {
	f.calls = append(f.calls, "check "+addr.String())
	return protocol.ErrDenied
}

func TestWrappingFactory(t *testing.T) {
	inner := &startedFactory{Factory: always(nil)}
	f := everything(inner)
	if err := f.(protocol.Starter).StartFactory(); err != protocol.ErrDenied {
		t.Errorf("start: %v", err)
	}
	if err := check(f, "1.2.3.4:5"); err != protocol.ErrDenied {
		t.Errorf("check: %v", err)
	}
	f.(protocol.ClientFactory).StartedConnecting(nil)
	f.(protocol.ClientFactory).ClientConnectionFailed(nil, protocol.ErrTimeout)
	f.(protocol.ClientFactory).ClientConnectionLost(nil, protocol.ErrConnectionDone)
	f.(protocol.Stopper).StopFactory()
	want := "[start check 1.2.3.4:5 connecting failed: timed out lost: connection was closed cleanly stop]"
	if got := fmt.Sprint(inner.calls); got != want {
		t.Errorf("calls %v, want %v", got, want)
	}
	if p := build(f, "1.2.3.4:5"); p != nil {
		t.Errorf("a refusal became %v", p)
	}
	// A factory without these powers is left alone.
	f = everything(always(nil))
	if err := f.(protocol.Starter).StartFactory(); err != nil {
		t.Errorf("start: %v", err)
	}
	if err := check(f, "1.2.3.4:5"); err != nil {
		t.Errorf("check: %v", err)
	}
	f.(protocol.ClientFactory).StartedConnecting(nil)
	f.(protocol.ClientFactory).ClientConnectionFailed(nil, protocol.ErrTimeout)
	f.(protocol.ClientFactory).ClientConnectionLost(nil, protocol.ErrConnectionDone)
	f.(protocol.Stopper).StopFactory()
}

// check asks f whether an address may be dialled, as a reactor does.
func check(f protocol.Factory, addr string) error {
	return f.(interface{ CheckAddress(netip.AddrPort) error }).CheckAddress(netip.MustParseAddrPort(addr))
}
