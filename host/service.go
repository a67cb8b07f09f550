package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// ServiceConfig says how a module is run.
type ServiceConfig struct {
	Name      string            // in logs; the module's name if empty
	Isolation Isolation         // the module's own, or a stricter one
	Limits    Limits            // over those of [Config]
	Grants    Grants            // what the guest may do; nothing if empty
	Config    map[string]string // the module's configuration, over its defaults

	// Stdout and Stderr get what the guest writes to descriptors 1 and 2, unchanged. nil: lines in the log. A
	// writer is called on the goroutine of a loop, and by one call at a time.
	Stdout, Stderr io.Writer

	// Program is set for what [Service.Exec] and [Service.Connect] run: the guest may stop it.
	Program bool
	Args    []string // of a program; the first is its name

	// Logger gets what the service has to say and what its guests log. nil: that of [Config].
	Logger *slog.Logger

	TLS TLS

	// Wrap puts policies of the operator's own, such as those of package policy, between the reactor and the
	// service's connections, those that its guests dial and accept among them. It is called for each port and each
	// attempt. Such connections cannot be spliced. nil: there are none.
	Wrap func(protocol.Factory) protocol.Factory
}

// Service is a module in service: the factory of sandboxed protocols. It implements [protocol.Factory],
// [protocol.Starter] and [protocol.Stopper], to be given to a reactor's Listen or to a wrapper; [Service.Listen] does
// that in the way the isolation needs.
type Service struct {
	host      *Host
	module    *Module
	code      *code
	loops     []Loop
	spread    func(*endpoint.Server, protocol.Factory) (protocol.Port, error) // opens a port for all loops
	wrap      func(protocol.Factory) protocol.Factory                         // or nil
	outer     protocol.Factory                                                // the service behind the operator's policies
	time      guestTime                                                       // of start-up and of workers
	name      string
	log       *slog.Logger
	ctx       context.Context // of log calls
	isolation Isolation
	limits    Limits
	fuel      int64 // of an event
	grants    Grants
	config    map[string]string
	args      []string
	environ   []string
	mounts    []mounted
	output    [2]outlet
	program   bool
	snapshot  snapshot
	ungranted []string

	shards    sync.Map // protocol.Reactor -> *shard
	instances atomic.Int64
	asleep    atomic.Int64 // of them
	memory    atomic.Int64 // private to instances, beyond the image
	open      atomic.Int64 // connections, the guest's own included
	roots     atomic.Int64 // the service's
	starts    atomic.Int64 // StartFactory less StopFactory
	peers     peers
	totals    totals
	breaches  breaches
	logLines  logBudget
	metrics   metrics
	workers   workers
	tasks     atomic.Int64
	tls       TLS

	tlsServers tlsServers
	deniedLog  sampler
	failures   sampler
	closings   closings
	footprint  footprint

	perPeerSet  bool                   // by the operator
	stopping    atomic.Bool            // the last port has closed
	saidGoodbye atomic.Bool            // wasmnet_stop was called since
	circuitWhy  atomic.Pointer[string] // why connections are refused; nil: they are not

	mu     sync.Mutex
	all    map[*machine]struct{}
	closed bool
}

var (
	_ protocol.Factory = (*Service)(nil)
	_ protocol.Starter = (*Service)(nil)
	_ protocol.Stopper = (*Service)(nil)
)

// NewService starts a module: its start-up code runs once, here, and what it leaves is the image every instance begins
// with. r is the reactor the service will run on. The error is a [*ModuleError].
func (h *Host) NewService(m *Module, r *reactor.Reactor, cfg ServiceConfig) (*Service, error) {
	var loops []Loop
	for _, l := range r.Loops() {
		loops = append(loops, l)
	}
	return h.newService(m, loops, r.ListenEndpoint, cfg)
}

// NewServiceOn is NewService for a single loop, which can be one in a test's memory (see package guesttest).
func (h *Host) NewServiceOn(m *Module, loop Loop, cfg ServiceConfig) (*Service, error) {
	return h.newService(m, []Loop{loop}, loop.ListenEndpoint, cfg)
}

func (h *Host) newService(m *Module, loops []Loop, spread func(*endpoint.Server, protocol.Factory) (protocol.Port, error),
	cfg ServiceConfig) (*Service, error) {
	s, err := h.prepareService(m, cfg)
	if err == nil {
		s.loops, s.spread, s.time = loops, spread, timeOf(loops[0])
		s.wrap = cfg.Wrap
		s.outer = s.wrapped(s)
		err = s.begin()
	}
	if err != nil {
		return nil, &ModuleError{Module: m.name, Err: err}
	}
	return s, nil
}

func (h *Host) prepareService(m *Module, cfg ServiceConfig) (*Service, error) {
	isolation, err := chooseIsolation(cfg.Isolation, m.manifest.isolation())
	if err != nil {
		return nil, err
	}
	if err := cfg.Limits.check(); err != nil {
		return nil, err
	}
	config, err := m.manifest.configuration(cfg.Config)
	if err != nil {
		return nil, err
	}
	name := cfg.Name
	if name == "" {
		name = m.name
	}
	log := cfg.Logger
	if log == nil {
		log = h.log
	}
	s := &Service{
		host:      h,
		module:    m,
		name:      name,
		log:       log.With("module", m.name, "service", name),
		ctx:       context.Background(),
		isolation: isolation,
		limits:    cfg.Limits.over(h.limits).over(DefaultLimits(isolation)),
		grants:    cfg.Grants,
		config:    config,
		args:      cfg.Args,
		program:   cfg.Program,
		tls:       cfg.TLS,
		breaches:  newBreaches(),

		perPeerSet: cfg.Limits.PerPeer != 0 || h.limits.PerPeer != 0,
		all:        map[*machine]struct{}{},
	}
	s.fuel = budgetOf(s.limits.Fuel)
	for _, name := range sortedKeys(s.grants.Env) {
		s.environ = append(s.environ, name+"="+s.grants.Env[name])
	}
	s.output = [2]outlet{{s: s, w: cfg.Stdout, level: slog.LevelInfo}, {s: s, w: cfg.Stderr, level: slog.LevelWarn}}
	s.ungranted = m.manifest.unmet(&s.grants, &s.limits)
	if s.code, err = m.codeFor(&s.limits); err != nil {
		return nil, err
	}
	if s.code.memory > s.limits.Memory {
		return nil, fmt.Errorf("%w: the module begins with %dKiB", s.limitError("memory"), s.code.memory/kib)
	}
	return s, nil
}

// begin takes hold of what the service needs, and starts the module.
func (s *Service) begin() (err error) {
	if s.mounts, err = openMounts(s.grants.Mounts); err != nil {
		return err
	}
	if err := s.host.adopt(s); err != nil {
		closeMounts(s.mounts)
		return err
	}
	began := time.Now()
	if err := s.startUp(); err != nil {
		return errors.Join(err, s.Close())
	}
	s.log.Debug("service started", "start", time.Since(began))
	return nil
}

// adopt has the service closed with the host.
func (h *Host) adopt(s *Service) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	h.services[s] = struct{}{}
	return nil
}

// Name is the service's name.
func (s *Service) Name() string { return s.name }

// Isolation is the isolation in force.
func (s *Service) Isolation() Isolation { return s.isolation }

// Limits are the limits in force.
func (s *Service) Limits() Limits { return s.limits }

// Ungranted lists what the module's manifest asks for and does not have: grants and limits, in the form of their
// Set methods.
func (s *Service) Ungranted() []string { return s.ungranted }

// Listen opens a server endpoint string whose connections the service's guests serve. A service of isolation
// [PerService] has all of its connections on one loop, any other spreads them. A datagram endpoint ("udp:PORT",
// "unixgram:PATH") is served by one guest at a time: it is refused if the module does not take datagrams.
func (s *Service) Listen(text string) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	return s.ListenEndpoint(e)
}

// ListenEndpoint is Listen for an endpoint that is parsed already.
func (s *Service) ListenEndpoint(e *endpoint.Server) (protocol.Port, error) {
	if !e.Stream() {
		return s.listenDatagrams(e)
	}
	if s.isolation == PerService {
		return s.home().ListenEndpoint(e, s.outer)
	}
	return s.spread(e, s.outer)
}

// wrapped is f behind the operator's policies.
func (s *Service) wrapped(f protocol.Factory) protocol.Factory {
	if s.wrap == nil {
		return f
	}
	return s.wrap(f)
}

// home is the loop of what exists once.
func (s *Service) home() Loop { return s.loops[0] }

// BuildProtocol implements [protocol.Factory]. It returns nil, so that the connection is closed without a byte, while
// the service is over a limit or its shared instance is not to be had.
func (s *Service) BuildProtocol(addr protocol.Address) protocol.Protocol {
	if !s.mayAdmit(addr) {
		return nil
	}
	_, p := s.newConn(connRoot)
	return p
}

// StartFactory implements [protocol.Starter].
func (s *Service) StartFactory() error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return ErrClosed
	}
	s.starts.Add(1)
	s.stopping.Store(false)
	s.saidGoodbye.Store(false)
	s.eachLoop(func(sh *shard) { sh.start() })
	return nil
}

// StopFactory implements [protocol.Stopper]. Instances are told when they are idle.
func (s *Service) StopFactory() {
	if s.starts.Add(-1) > 0 {
		return
	}
	s.stopping.Store(true)
	s.eachLoop(func(sh *shard) { sh.stop() })
}

// eachLoop calls f on every loop that has, or is to have, instances.
func (s *Service) eachLoop(f func(*shard)) {
	loops := s.loops
	if s.isolation == PerService {
		loops = loops[:1]
	}
	for _, l := range loops {
		l.CallFromThread(func() { f(s.shardOf(l)) })
	}
}

// Close lets go of the service's instances. No loop may be running events of it any more: it is closed after the
// reactor has ended, or was never started.
func (s *Service) Close() error {
	s.host.mu.Lock()
	delete(s.host.services, s)
	s.host.mu.Unlock()
	return s.close()
}

func (s *Service) close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return ErrClosed
	}
	s.closed = true
	all := s.all
	s.all = map[*machine]struct{}{}
	s.mu.Unlock()
	for m := range all {
		m.close()
	}
	closeMounts(s.mounts)
	if s.snapshot.memory != nil {
		return s.snapshot.memory.Close()
	}
	return nil
}

// limitError is the breach of a limit, as an error.
func (s *Service) limitError(name string) *LimitError {
	text, _ := s.limits.Get(name)
	return &LimitError{Limit: name, Value: text}
}

// budgetOf is a limit of fuel as a number to count down from.
func budgetOf(limit int64) int64 {
	if limit <= 0 {
		return 1 << 62
	}
	return limit
}

// startUp runs the module's start-up code and takes the snapshot.
func (s *Service) startUp() error {
	i, err := s.start(nil, startBudget)
	if err != nil {
		return err
	}
	for _, e := range []abi.Event{abi.DataReceived, abi.DatagramReceived, abi.Completed, abi.MessageReceived, abi.RunTask,
		abi.ImportState} {
		if i.exports(e) && i.receive.len == 0 {
			i.drop()
			return &ExportError{Name: e.String(),
				Reason: "there is no receive buffer: wasmnet_start must call set_receive_buffer"}
		}
	}
	return s.capture(i)
}

// reserve takes n bytes of what all instances together may have; n may be negative.
func (s *Service) reserve(n int64) bool {
	if s.memory.Add(n) > s.limits.MemoryTotal && s.limits.MemoryTotal > 0 && n > 0 {
		s.memory.Add(-n)
		return false
	}
	return true
}
