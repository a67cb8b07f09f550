package guesttest_test

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// spliced is a guest that relays, its client and its backend.
type spliced struct {
	*guesttest.Guest
	client  *guesttest.Peer
	backend *reactortest.Recorder
	log     *logbook.Book
}

func splice(t *testing.T, backend bool) *spliced {
	t.Helper()
	s := &spliced{backend: &reactortest.Recorder{}, log: &logbook.Book{}}
	cfg := host.ServiceConfig{Logger: s.log.Logger()}
	if err := cfg.Grants.Set("dial=tcp:loopback:80"); err != nil {
		t.Fatal(err)
	}
	s.Guest = guesttest.New(t, build(t, "relay.c"), cfg)
	if backend {
		if _, err := s.Listen("tcp:80:interface=127.0.0.1", protocol.FactoryFunc(
			func(protocol.Address) protocol.Protocol { return s.backend })); err != nil {
			t.Fatal(err)
		}
	}
	s.client = s.Connect()
	return s
}

// TestSplice: what the guest wrote goes first, then bytes go both ways without it, until both ends have said all.
func TestSplice(t *testing.T) {
	s := splice(t, true)
	s.client.Send("question")
	s.backend.Transport.Write([]byte("answer"))
	s.Settle()
	if got := s.backend.Take(); got != "from the relay\nquestion" {
		t.Errorf("the backend was sent %q", got)
	}
	if got := s.client.Take(); got != "answer" {
		t.Errorf("the client was sent %q", got)
	}
	s.client.Close()
	if s.backend.Reason == nil || s.client.Guest.Lost() == nil || s.client.Lost() == nil {
		t.Error("the end of one is not the other's")
	}
	s.log.Wait(t, "both are over")
	if n := len(s.Connections()); n > 0 {
		t.Errorf("%d ends of connections are left", n)
	}
}

// TestSpliceHoldsBackAFastSender: the relay holds no more than its queues, and nothing is lost.
func TestSpliceHoldsBackAFastSender(t *testing.T) {
	s := splice(t, true)
	s.backend.Transport.PauseReading()
	sent := len("from the relay\n")
	for s.client.Buffered() < 128<<10 {
		n, err := s.client.Write([]byte(strings.Repeat("x", 32<<10)))
		if err != nil {
			t.Fatal(err)
		}
		sent += n
		s.Settle()
	}
	s.backend.Transport.ResumeReading()
	s.Settle()
	if got := len(s.backend.Take()); got != sent {
		t.Errorf("%d of %d bytes arrived", got, sent)
	}
}

// TestSplicePassesALossOn, in both directions, and a backend that is not there closes the connection.
func TestSplicePassesALossOn(t *testing.T) {
	s := splice(t, true)
	s.client.AbortConnection()
	s.Settle()
	if protocol.ReasonOf(s.backend.Reason) != protocol.ErrConnectionLost {
		t.Errorf("the backend is lost with %v", s.backend.Reason)
	}
	s = splice(t, true)
	s.backend.Transport.AbortConnection()
	s.Settle()
	if protocol.ReasonOf(s.client.Lost()) != protocol.ErrConnectionLost {
		t.Errorf("the client is lost with %v", s.client.Lost())
	}
	s.log.Wait(t, "both are over")
	s = splice(t, false)
	if protocol.ReasonOf(s.client.Lost()) != protocol.ErrConnectionDone {
		t.Errorf("without a backend the client is lost with %v", s.client.Lost())
	}
}
