package process_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/process"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// played is a process that the test plays.
type played struct {
	process.Transport
	pid     int
	proto   process.ProcessProtocol
	signals []syscall.Signal
	refuse  error // of signals
	lost    bool
}

func (p *played) PID() int { return p.pid }

func (p *played) SignalProcess(sig syscall.Signal) error {
	p.signals = append(p.signals, sig)
	return p.refuse
}

func (p *played) LoseConnection() { p.lost = true }

// stage is a Monitor of processes that are played.
type stage struct {
	*process.Monitor
	clock   *reactortest.Clock
	started []*played
	refuse  error // of starts
}

func newStage(t *testing.T, names ...string) *stage {
	t.Helper()
	s := &stage{clock: reactortest.NewClock()}
	s.Monitor = process.NewMonitor(s.clock, func(p process.ProcessProtocol, c process.Command) (process.Transport, error) {
		if s.refuse != nil {
			return nil, s.refuse
		}
		s.started = append(s.started, &played{pid: len(s.started) + 1, proto: p})
		p.ConnectionMade(s.last())
		return s.last(), nil
	})
	s.Logger = slog.New(slog.DiscardHandler)
	for _, name := range names {
		if err := s.AddProcess(name, process.Command{Executable: name}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.started) > 0 {
		t.Fatal("processes run before the service does")
	}
	if err := s.StartService(); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) last() *played { return s.started[len(s.started)-1] }

// end ends the newest process.
func (s *stage) end() { s.last().proto.ProcessEnded(process.ProcessDone{}) }

// TestMonitorDelays: those that end early wait, longer each time; those that ran long enough do not.
func TestMonitorDelays(t *testing.T) {
	s := newStage(t, "a")
	var waits []time.Duration
	for range 14 {
		s.clock.Advance(999 * time.Millisecond)
		s.end()
		d, ok := s.clock.Next()
		if !ok {
			t.Fatal("it is not started again")
		}
		waits = append(waits, d)
		s.clock.Advance(d)
	}
	want := []time.Duration{}
	for i := range 12 {
		want = append(want, time.Second<<i)
	}
	want = append(want, time.Hour, time.Hour)
	if !slices.Equal(waits, want) || len(s.started) != 15 {
		t.Errorf("%d starts, after waits of %v, want %v", len(s.started), waits, want)
	}
	s.clock.Advance(time.Second)
	s.end()
	s.clock.Advance(0)
	if len(s.started) != 16 {
		t.Error("it is not started again at once after it ran for the threshold")
	}
	s.end()
	if d, _ := s.clock.Next(); d != time.Second {
		t.Errorf("the first wait after that is %v", d)
	}
}

// TestMonitorStop: processes are terminated, killed when that takes too long, and not started again.
func TestMonitorStop(t *testing.T) {
	s := newStage(t, "a", "b")
	a, b := s.started[0], s.started[1]
	stopped := false
	s.StopService().Handle(func(_ deferred.Unit, err error) { stopped = err == nil })
	a.proto.ProcessEnded(process.ProcessDone{})
	s.clock.Advance(5*time.Second - 1)
	if !slices.Equal(b.signals, []syscall.Signal{syscall.SIGTERM}) || stopped {
		t.Errorf("signals %v, stopped %t", b.signals, stopped)
	}
	s.clock.Advance(1)
	if !slices.Equal(b.signals, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}) || !b.lost || len(a.signals) != 1 {
		t.Errorf("signals %v and %v", a.signals, b.signals)
	}
	b.proto.ProcessEnded(&process.ProcessTerminated{ExitCode: -1, Signal: syscall.SIGKILL})
	if !stopped || s.clock.Pending() != 0 || len(s.started) != 2 {
		t.Errorf("stopped %t, %d timers, %d starts", stopped, s.clock.Pending(), len(s.started))
	}
	if s.StopService() != nil {
		t.Error("there is something to wait for with no process running")
	}
	if err := s.StartService(); err != nil || len(s.started) != 4 {
		t.Errorf("started again: %v, %d starts", err, len(s.started))
	}
}

// TestMonitorChanges: processes come and go while the service runs.
func TestMonitorChanges(t *testing.T) {
	s := newStage(t, "a")
	if err := s.AddProcess("a", process.Command{}); !errors.Is(err, process.ErrDuplicateName) {
		t.Errorf("the same name again: %v", err)
	}
	if err := s.AddProcess("b", process.Command{}); err != nil || len(s.started) != 2 {
		t.Errorf("%v, %d starts", err, len(s.started))
	}
	if got := fmt.Sprint(s.Processes()); got != "[a b]" {
		t.Errorf("processes %s", got)
	}
	if err := s.RemoveProcess("b"); err != nil {
		t.Error(err)
	}
	s.end()
	for name, err := range map[string]error{"remove": s.RemoveProcess("b"), "stop": s.StopProcess("b")} {
		if !errors.Is(err, process.ErrUnknownName) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.clock.Advance(time.Hour)
	if len(s.started) != 2 {
		t.Error("a process that was removed is started again")
	}
	a := s.started[0]
	s.RestartAll()
	s.RestartAll()
	if err := s.StopProcess("a"); err != nil || !slices.Equal(a.signals, []syscall.Signal{syscall.SIGTERM}) {
		t.Errorf("%v, signals %v", err, a.signals)
	}
	a.proto.ProcessEnded(process.ProcessDone{})
	s.clock.Advance(0)
	if len(s.started) != 3 {
		t.Error("it was not started again")
	}
	// Where a process cannot be asked to terminate it is killed.
	s.last().refuse = errors.New("not supported")
	s.RestartAll()
	if got := s.last().signals; !slices.Equal(got, []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}) {
		t.Errorf("signals %v", got)
	}
	s.end()
	if err := s.RemoveProcess("a"); err != nil || s.clock.Pending() != 0 {
		t.Errorf("%v, %d timers are left", err, s.clock.Pending())
	}
}

// TestMonitorCannotStart: it is tried again like one that ended at once.
func TestMonitorCannotStart(t *testing.T) {
	s := newStage(t)
	s.refuse = errors.New("no such file")
	if err := s.AddProcess("a", process.Command{}); err != nil {
		t.Error(err)
	}
	s.clock.Advance(time.Second)
	if d, _ := s.clock.Next(); d != 2*time.Second {
		t.Errorf("the second wait is %v", d)
	}
	s.refuse = nil
	s.clock.Advance(2 * time.Second)
	if len(s.started) != 1 {
		t.Errorf("%d starts", len(s.started))
	}
}

// TestMonitorOnLoop: with real processes.
func TestMonitorOnLoop(t *testing.T) {
	l, _ := start(t)
	t.Setenv(childMode, "echo")
	pids := make(chan int, 10)
	var m *process.Monitor
	spawn := process.OnLoop(l)
	m = process.NewMonitor(l, func(p process.ProcessProtocol, c process.Command) (process.Transport, error) {
		tr, err := spawn(p, c)
		if err == nil {
			pids <- tr.PID()
		}
		return tr, err
	})
	m.Logger = slog.New(slog.DiscardHandler)
	m.Threshold = 0 // each start is at once
	on(t, l, func() {
		if err := m.AddProcess("cat", process.Command{Executable: executable(t), Options: process.Options{
			ChildFDs: map[int]process.ChildFD{0: process.Write, 1: process.Read, 2: process.Read}}}); err != nil {
			t.Error(err)
		}
		if err := m.StartService(); err != nil {
			t.Error(err)
		}
	})
	first := wait(t, pids, "a start")
	on(t, l, m.RestartAll)
	if second := wait(t, pids, "another start"); second == first {
		t.Errorf("both have pid %d", first)
	}
	stopped := make(chan error, 1)
	on(t, l, func() { m.StopService().Handle(func(_ deferred.Unit, err error) { stopped <- err }) })
	if err := wait(t, stopped, "the end of the monitor"); err != nil {
		t.Error(err)
	}
}
