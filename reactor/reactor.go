package reactor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A Reactor is a set of event loops that run together. Its methods may be called on any goroutine.
type Reactor struct {
	log     *slog.Logger
	cfg     Config
	limits  outputLimits
	epoch   time.Time // the zero of the loops' clocks
	backend backend
	loops   []*Loop
	threads *pool // DeferToThread
	names   *pool // Resolve and connectors
	reserve *reserve

	handshakes *tlsengine.Pool
	tlsServers tlsServers

	// goroutines are all that the reactor has started; Run returns when they have ended.
	goroutines sync.WaitGroup
	// over says that no loop has anything left to do; running counts those that have not ended yet. The last one
	// cancels ctx.
	over    atomic.Bool
	running atomic.Int32
	ctx     context.Context
	cancel  context.CancelFunc

	mu        sync.Mutex
	state     state
	status    int
	ports     map[*port]struct{}
	nextLoop  int // for the next port
	factories factories
	signals   *signals
	events    map[SystemEvent]*eventTriggers
	drainBy   time.Time // when the connections' time is up; set by the first Drain

	afterwards sync.Once // the phase after the shutdown was begun
}

// state is the part of its life that a reactor is in.
type state uint8

const (
	stateNew state = iota
	stateRunning
	stateDraining
	stateEnded
)

// maxLookups is how many names are looked up at a time.
const maxLookups = 32

// New makes a reactor. It does nothing until Run.
func New(cfg Config) (*Reactor, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	b, err := openBackend(cfg.Backend)
	if err != nil {
		return nil, err
	}
	r := &Reactor{
		log:     cfg.Logger,
		cfg:     cfg,
		limits:  outputLimits{cfg.HighWater, cfg.LowWater, cfg.HardCap},
		epoch:   time.Now(),
		backend: b,
		ports:   map[*port]struct{}{},
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	r.events = map[SystemEvent]*eventTriggers{
		Startup:  {reactor: r, event: Startup, passed: r.startupPassed},
		Shutdown: {reactor: r, event: Shutdown, passed: r.shutdownPassed},
	}
	r.threads = newPool(r, cfg.Threads)
	r.names = newPool(r, maxLookups)
	r.handshakes = tlsengine.NewPool(cfg.Handshakes, r.spawn)
	for i := range cfg.Loops {
		l, err := newLoop(r, i)
		if err != nil {
			r.close()
			return nil, fmt.Errorf("reactor: cannot open the poller of loop %d: %w", i, err)
		}
		r.loops = append(r.loops, l)
	}
	r.reserve = openReserve()
	return r, nil
}

// Loops returns the event loops.
func (r *Reactor) Loops() []*Loop { return r.loops }

// Status is what the first successful [Loop.Stop] was given; 0 if there was none.
func (r *Reactor) Status() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Run runs the loops until the reactor is stopped, and returns when every goroutine that it has started has ended and
// every descriptor is closed. A second call fails with [protocol.ErrNotRestartable].
func (r *Reactor) Run() error {
	r.mu.Lock()
	if r.state != stateNew {
		r.mu.Unlock()
		return protocol.ErrNotRestartable
	}
	r.state = stateRunning
	if r.signals != nil {
		r.signals.start()
	}
	r.running.Store(int32(len(r.loops)))
	for _, l := range r.loops {
		first := l.runner
		r.spawn(func() { l.run(first) })
	}
	r.mu.Unlock()
	r.events[Startup].begin(Before)

	r.goroutines.Wait()
	r.close()
	return nil
}

// startupPassed goes on with the startup, unless the reactor is stopping by now.
func (r *Reactor) startupPassed(p Phase) {
	r.mu.Lock()
	running := r.state == stateRunning
	r.mu.Unlock()
	if p != After && running {
		r.events[Startup].begin(p + 1)
	}
}

// spawn starts a goroutine that Run waits for.
func (r *Reactor) spawn(f func()) { r.goroutines.Go(f) }

// close releases what the loops share. They have ended, or never began.
func (r *Reactor) close() {
	r.mu.Lock()
	r.state = stateEnded
	r.mu.Unlock()
	r.cancel()
	for _, l := range r.loops {
		l.poller.close()
	}
	if r.reserve != nil {
		r.reserve.close()
	}
}

// CallWhenRunning has f called on loop 0 as soon as the reactor runs.
func (r *Reactor) CallWhenRunning(f func()) { r.loops[0].CallFromThread(f) }

// CallFromThread has f called on loop 0, like [Loop.CallFromThread] of that loop.
func (r *Reactor) CallFromThread(f func()) { r.loops[0].CallFromThread(f) }

// Listen opens a server endpoint string. Its connections are spread over the loops: each goes to the one that has the
// fewest. The error wraps [protocol.ErrCannotListen] or is that of a string that cannot be parsed.
func (r *Reactor) Listen(text string, f protocol.Factory) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	return r.ListenEndpoint(e, f)
}

// ListenEndpoint is Listen for an endpoint that is parsed already.
func (r *Reactor) ListenEndpoint(e *endpoint.Server, f protocol.Factory) (protocol.Port, error) {
	r.mu.Lock()
	l := r.loops[r.nextLoop%len(r.loops)]
	r.nextLoop++
	r.mu.Unlock()
	return r.listen(l, true, e, f)
}

// reserve is a descriptor kept open so that there is one to be had when there are no others.
type reserve struct {
	mu   sync.Mutex
	file *os.File // nil while none can be had
}

func openReserve() *reserve {
	s := &reserve{}
	s.refill()
	return s
}

// with calls f while the descriptor is free for f to use. It does not call f if there is none in reserve.
func (s *reserve) with(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refill(); s.file == nil {
		return
	}
	s.file.Close()
	s.file = nil
	f()
	s.refill()
}

// refill takes a descriptor if there is none in reserve.
func (s *reserve) refill() {
	if s.file == nil {
		if f, err := os.Open(os.DevNull); err == nil {
			s.file = f
		}
	}
}

func (s *reserve) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		s.file.Close()
		s.file = nil
	}
}
