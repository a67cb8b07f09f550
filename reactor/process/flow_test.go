package process_test

import (
	"errors"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/process"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestPause: while the protocol has paused it is given nothing, and at most one buffer is read.
func TestPause(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "flood", process.Options{})
	wait(t, p.data, "the first data")
	on(t, l, func() {
		p.Transport.PauseProducing()
		for len(p.data) > 0 {
			<-p.data
		}
	})
	on(t, l, func() {
		if len(p.data) > 0 || len(p.ended) > 0 {
			t.Error("it was given something")
		}
		p.Transport.ResumeProducing()
	})
	if reason := wait(t, p.ended, "ProcessEnded"); !errors.Is(reason, process.ProcessDone{}) {
		t.Errorf("reason %v", reason)
	}
	on(t, l, func() {
		if p.out.Len() != 64*64<<10 {
			t.Errorf("received %d bytes", p.out.Len())
		}
	})
}

// producer notes what it is told.
type producer struct{ events chan string }

func (p *producer) PauseProducing()  { p.events <- "pause" }
func (p *producer) ResumeProducing() { p.events <- "resume" }
func (p *producer) StopProducing()   { p.events <- "stop" }

// TestInput: what a process does not read is bounded, and its producer is told.
func TestInput(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "echo", process.Options{})
	source := &producer{make(chan string, 10)}
	on(t, l, func() {
		p.Transport.PauseProducing() // so that the process stops reading
		if err := p.Transport.RegisterProducer(source, true); err != nil {
			t.Error(err)
		}
		if err := p.Transport.RegisterProducer(source, true); !errors.Is(err, protocol.ErrProducerRegistered) {
			t.Errorf("a second producer: %v", err)
		}
		for p.Transport.Buffered() <= 900<<10 {
			if _, err := p.Transport.Write(make([]byte, 64<<10)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.Transport.Write(make([]byte, 200<<10)); !errors.Is(err, protocol.ErrLimit) {
			t.Errorf("beyond the limit: %v", err)
		}
	})
	if got := wait(t, source.events, "PauseProducing"); got != "pause" {
		t.Error(got)
	}
	on(t, l, p.Transport.ResumeProducing)
	if got := wait(t, source.events, "ResumeProducing"); got != "resume" {
		t.Error(got)
	}
	on(t, l, func() {
		p.Transport.CloseStdin() // waits for the producer
		if _, err := p.Transport.Write([]byte("more")); err != nil {
			t.Errorf("a producer's write after CloseStdin: %v", err)
		}
		p.Transport.UnregisterProducer()
	})
	wait(t, p.ended, "ProcessEnded")
	on(t, l, func() {
		if n := p.out.Len(); n != 15*64<<10+4 {
			t.Errorf("%d bytes came back", n)
		}
	})

	// A pull producer is asked at once, and told of the end.
	p = spawn(t, l, "echo", process.Options{})
	on(t, l, func() {
		if err := p.Transport.RegisterProducer(source, false); err != nil {
			t.Error(err)
		}
	})
	if got := wait(t, source.events, "ResumeProducing"); got != "resume" {
		t.Error(got)
	}
	on(t, l, func() { _ = p.Transport.SignalProcess(syscall.SIGKILL) })
	if got := wait(t, source.events, "StopProducing"); got != "stop" {
		t.Error(got)
	}
	wait(t, p.ended, "ProcessEnded")
	on(t, l, func() { _ = p.Transport.RegisterProducer(source, true) })
	if got := wait(t, source.events, "StopProducing"); got != "stop" {
		t.Error(got)
	}
}

// TestReactorEnds: what runs is terminated with the reactor, and Run waits for it; a second Drain kills.
func TestReactorEnds(t *testing.T) {
	l, ended := start(t)
	p := spawn(t, l, "echo", process.Options{})
	if err := l.Reactor().Stop(); err != nil {
		t.Fatal(err)
	}
	wait(t, ended, "the end of the reactor")
	var e *process.ProcessTerminated
	if reason := wait(t, p.ended, "ProcessEnded"); !errors.As(reason, &e) || e.Signal != syscall.SIGTERM {
		t.Errorf("reason %v", reason)
	}

	l, ended = start(t)
	p = spawn(t, l, "deaf", process.Options{})
	wait(t, p.data, "the process's readiness")
	for range 2 {
		if err := l.Reactor().Drain(0); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, ended, "the end of the reactor")
	if len(p.ended) != 0 {
		t.Error("the reactor has waited for the process")
	}
}

// TestLoseConnection: closed pipes are reported, and the process that lives on its input ends.
func TestLoseConnection(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "echo", process.Options{})
	on(t, l, p.Transport.LoseConnection)
	wait(t, p.ended, "ProcessEnded")
}
