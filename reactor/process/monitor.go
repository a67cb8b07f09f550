package process

import (
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/service"
)

// Command says how to start a process.
type Command struct {
	Executable string
	Args       []string // without the executable's own name
	// Options of [Spawn]. ChildFDs that are nil are the null device as input, and output and error of this process.
	Options Options
}

// A Spawner starts processes for a [Monitor].
type Spawner func(p ProcessProtocol, c Command) (Transport, error)

// OnLoop is the Spawner that calls [Spawn].
func OnLoop(l *reactor.Loop) Spawner {
	return func(p ProcessProtocol, c Command) (Transport, error) {
		return Spawn(l, p, c.Executable, c.Args, c.Options)
	}
}

var (
	// ErrDuplicateName is what AddProcess fails with when there is a process of that name.
	ErrDuplicateName = errors.New("process: the name is taken")
	// ErrUnknownName is what methods of a Monitor fail with when there is no process of that name.
	ErrUnknownName = errors.New("process: there is no process of that name")
)

// Monitor is a service that keeps processes running: one that ends is started again (Twisted's procmon). It belongs to
// one loop, and its fields are set before it starts.
type Monitor struct {
	service.Base
	// Threshold is how long a process has to run to be started again without delay. It begins as 1 s.
	Threshold time.Duration
	// KillTime is how long a process has to terminate until it is killed. It begins as 5 s.
	KillTime time.Duration
	// MinRestartDelay is the wait after a process that ran shorter than Threshold; each further one in a row is twice
	// as long, up to MaxRestartDelay. They begin as 1 s and an hour.
	MinRestartDelay, MaxRestartDelay time.Duration
	// Logger is told of starts and ends; nil: slog.Default().
	Logger *slog.Logger

	clock    protocol.Clock
	spawn    Spawner
	names    map[string]*monitored
	live     int // processes that have not ended
	stopping []*deferred.Deferred[deferred.Unit]
}

var _ service.Service = (*Monitor)(nil)

// NewMonitor returns a Monitor without processes.
func NewMonitor(clock protocol.Clock, spawn Spawner) *Monitor {
	return &Monitor{
		Threshold: time.Second, KillTime: 5 * time.Second, MinRestartDelay: time.Second, MaxRestartDelay: time.Hour,
		clock: clock, spawn: spawn, names: map[string]*monitored{},
	}
}

// monitored is the protocol of one process after another, and their history.
type monitored struct {
	Base
	monitor *Monitor
	name    string
	command Command
	running bool
	started time.Time
	delay   time.Duration
	restart protocol.DelayedCall // or nil
	murder  protocol.DelayedCall // or nil
}

// AddProcess adds a process under a name, and starts it if the Monitor runs. It fails with [ErrDuplicateName].
func (m *Monitor) AddProcess(name string, c Command) error {
	if m.names[name] != nil {
		return ErrDuplicateName
	}
	if c.Options.ChildFDs == nil {
		c.Options.ChildFDs = map[int]ChildFD{1: Inherit(os.Stdout), 2: Inherit(os.Stderr)}
	}
	p := &monitored{monitor: m, name: name, command: c, delay: m.MinRestartDelay}
	m.names[name] = p
	if m.Running() {
		p.start()
	}
	return nil
}

// RemoveProcess stops a process, and does not start it again. It fails with [ErrUnknownName].
func (m *Monitor) RemoveProcess(name string) error {
	p := m.names[name]
	if p == nil {
		return ErrUnknownName
	}
	delete(m.names, name)
	p.stop()
	return nil
}

// StopProcess has a process terminate: SIGTERM, and SIGKILL after KillTime. As long as the Monitor runs it is started
// again. It fails with [ErrUnknownName].
func (m *Monitor) StopProcess(name string) error {
	p := m.names[name]
	if p == nil {
		return ErrUnknownName
	}
	p.stop()
	return nil
}

// RestartAll is StopProcess for all processes.
func (m *Monitor) RestartAll() {
	for _, name := range m.Processes() {
		m.names[name].stop()
	}
}

// Processes returns the names, sorted.
func (m *Monitor) Processes() []string { return slices.Sorted(maps.Keys(m.names)) }

// StartService implements [service.Service]. A process that cannot be started is one that ended at once.
func (m *Monitor) StartService() error {
	_ = m.Base.StartService()
	for _, name := range m.Processes() {
		if p := m.names[name]; !p.running {
			p.start()
		}
	}
	return nil
}

// StopService implements [service.Service]. The Deferred fires when no process is left.
func (m *Monitor) StopService() *deferred.Deferred[deferred.Unit] {
	m.Base.StopService()
	for _, name := range m.Processes() {
		m.names[name].stop()
	}
	if m.live == 0 {
		return nil
	}
	d := deferred.New[deferred.Unit](m.clock)
	m.stopping = append(m.stopping, d)
	return d
}

func (m *Monitor) log() *slog.Logger {
	if m.Logger == nil {
		return slog.Default()
	}
	return m.Logger
}

func (p *monitored) start() {
	m := p.monitor
	p.restart = nil
	p.started = m.clock.Now()
	p.Transport = nil
	t, err := m.spawn(p, p.command)
	if err != nil {
		m.log().Error("cannot start a process", "name", p.name, "error", err)
		p.again()
		return
	}
	p.running = true
	m.live++
	p.Transport = t
	m.log().Info("process started", "name", p.name, "pid", t.PID())
}

// stop terminates what runs, and calls off a start for which there is no reason any more.
func (p *monitored) stop() {
	if p.restart != nil && !p.wanted() {
		_ = p.restart.Cancel() // it is waiting, so it can be
		p.restart = nil
	}
	if !p.running || p.murder != nil {
		return
	}
	kill := func() {
		p.murder = nil
		_ = p.Transport.SignalProcess(syscall.SIGKILL) // it may have exited, and its pipes be open
		p.Transport.LoseConnection()
	}
	if p.Transport.SignalProcess(syscall.SIGTERM) != nil {
		kill()
		return
	}
	p.murder = p.monitor.clock.CallLater(p.monitor.KillTime, kill)
}

// wanted reports whether it is to be started again.
func (p *monitored) wanted() bool { return p.monitor.Running() && p.monitor.names[p.name] == p }

// ProcessEnded implements [ProcessProtocol].
func (p *monitored) ProcessEnded(reason error) {
	m := p.monitor
	m.log().Info("process ended", "name", p.name, "reason", reason)
	if p.murder != nil {
		_ = p.murder.Cancel() // it is waiting, so it can be
		p.murder = nil
	}
	p.running = false
	m.live--
	p.again()
	if m.live == 0 && !m.Running() {
		stopping := m.stopping
		m.stopping = nil
		for _, d := range stopping {
			_ = d.Callback(deferred.Unit{})
		}
	}
}

// again starts it in time, if it is wanted.
func (p *monitored) again() {
	m := p.monitor
	if !p.wanted() {
		return
	}
	var delay time.Duration
	if m.clock.Now().Sub(p.started) < m.Threshold {
		delay = p.delay
		p.delay = min(2*p.delay, m.MaxRestartDelay)
	} else {
		p.delay = m.MinRestartDelay
	}
	p.restart = m.clock.CallLater(delay, p.start)
}
