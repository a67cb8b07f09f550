package reactortest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestStringTransportOutput(t *testing.T) {
	tr := reactortest.NewStringTransport()
	buffer := []byte("one")
	tr.Write(buffer)
	copy(buffer, "two")
	tr.Write(buffer)
	if tr.Output() != "onetwo" || tr.Take() != "onetwo" || tr.Take() != "" || tr.Buffered() != 0 {
		t.Errorf("output %q", tr.Output())
	}
	tr.LoseWriteConnection()
	if _, err := tr.Write(buffer); !errors.Is(err, protocol.ErrClosed) || !tr.WriteClosed() || tr.Disconnecting() {
		t.Errorf("after LoseWriteConnection: %v", err)
	}
	tr.LoseConnection()
	if !tr.Disconnecting() || tr.Aborted() {
		t.Error("after LoseConnection")
	}
}

func TestStringTransportReading(t *testing.T) {
	tr := reactortest.NewStringTransport()
	tr.PauseReading()
	if !tr.ReadingPaused() {
		t.Error("not paused")
	}
	tr.ResumeReading()
	if tr.ReadingPaused() {
		t.Error("not resumed")
	}
	tr.PauseReading()
	tr.LoseConnection()
	tr.ResumeReading()
	if !tr.ReadingPaused() {
		t.Error("resumed although it is closing")
	}
}

func TestStringTransportProducers(t *testing.T) {
	tr := reactortest.NewStringTransport()
	var pull, push producer
	if tr.Pull() {
		t.Error("pulled without a producer")
	}
	tr.RegisterProducer(&pull, false)
	if err := tr.RegisterProducer(&push, true); !errors.Is(err, protocol.ErrProducerRegistered) {
		t.Errorf("a second producer: %v", err)
	}
	if !tr.Pull() || pull.resumed != 2 {
		t.Errorf("pulled %d times", pull.resumed)
	}
	tr.LoseConnection()
	if _, err := tr.Write([]byte("x")); err != nil {
		t.Errorf("Write of a producer after LoseConnection: %v", err)
	}
	tr.UnregisterProducer()
	if _, err := tr.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("Write without one: %v", err)
	}

	tr = reactortest.NewStringTransport()
	tr.RegisterProducer(&push, true)
	if p, streaming := tr.Producer(); p != &push || !streaming || tr.Pull() {
		t.Errorf("producer %v, streaming %v", p, streaming)
	}
	tr.AbortConnection()
	if push.stopped != 1 || !tr.Aborted() || !tr.Disconnecting() {
		t.Errorf("after AbortConnection: %+v", push)
	}
	tr.RegisterProducer(&push, true)
	if _, err := tr.Write(nil); push.stopped != 2 || !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("on an aborted connection: %+v, %v", push, err)
	}
}

func TestStringTransportTLS(t *testing.T) {
	tr := reactortest.NewStringTransport()
	if err := tr.StartTLS(protocol.TLSOptions{ServerName: "x"}); err != nil || tr.StartTLSOptions.ServerName != "x" {
		t.Errorf("StartTLS: %v", err)
	}
	if err := tr.StartTLS(protocol.TLSOptions{}); !errors.Is(err, protocol.ErrTLSActive) {
		t.Errorf("a second StartTLS: %v", err)
	}
	if _, ok := tr.TLS(); ok {
		t.Error("TLS before its handshake")
	}
	tr.TLSInfo = &protocol.TLSInfo{ALPN: "h2"}
	if info, ok := tr.TLS(); !ok || info.ALPN != "h2" {
		t.Errorf("TLS: %+v", info)
	}
	tr = reactortest.NewStringTransport()
	tr.LoseConnection()
	if err := tr.StartTLS(protocol.TLSOptions{}); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("StartTLS on a closing connection: %v", err)
	}
}

func TestStringTransportOptions(t *testing.T) {
	tr := reactortest.NewStringTransport()
	if !tr.NoDelay() || tr.KeepAlive() {
		t.Error("the options begin otherwise")
	}
	tr.SetNoDelay(false)
	tr.SetKeepAlive(true)
	if tr.NoDelay() || !tr.KeepAlive() {
		t.Error("the options were not set")
	}
	tr.PeerAddress = protocol.UNIXAddress{Name: "/x"}
	if tr.Peer().String() != "/x" || tr.Host() != tr.HostAddress {
		t.Errorf("peer %v, host %v", tr.Peer(), tr.Host())
	}
	called := false
	tr.Reactor().CallLater(second, func() { called = true })
	tr.Clock.Advance(second)
	if !called {
		t.Error("Clock is not the reactor's")
	}
}

func ExampleStringTransport() {
	t := reactortest.NewStringTransport()
	p := &echo{}
	p.ConnectionMade(t)
	p.DataReceived([]byte("hello"))
	fmt.Println(t.Take(), t.Disconnecting())
	p.DataReceived([]byte("quit"))
	fmt.Println(t.Take(), t.Disconnecting())
	// Output:
	// hello false
	//  true
}

// echo sends back what it gets, and closes on a chunk that is "quit": which is a mistake, as a chunk is no message.
type echo struct{ protocol.Base }

func (p *echo) DataReceived(data []byte) {
	if string(data) == "quit" {
		p.Transport.LoseConnection()
		return
	}
	p.Transport.Write(data)
}
