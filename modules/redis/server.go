package redis

import (
	"slices"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// server is the factory and what its clients share.
type server struct {
	config   Config
	clock    protocol.Clock
	commands map[string]*command
	dbs      []*database
	now      int64 // of the event at hand, in ms since 1970; 0: nobody has asked yet
	started  int64
	used     int // size of all data, in bytes

	clients  map[*client]struct{}
	ids      int64 // of clients, so far
	served   int64 // commands
	accepted int64 // connections
	expired  int64 // keys

	expiry expiry
	timer  protocol.DelayedCall // for the next key that expires; nil if there is none

	channels map[string][]*client // subscribers
	patterns []pattern

	pending []*client // have replies that were not written yet
	woken   []*client // can go on with their requests
	ready   []ready   // lists that have got elements somebody waits for
	depth   int       // events under way: an event may happen inside another, on the in-memory reactor
}

func newServer(r protocol.Reactor, c Config) *server {
	s := &server{
		config: c, clock: r, commands: table(), clients: map[*client]struct{}{}, channels: map[string][]*client{},
	}
	for i := range c.Databases {
		s.dbs = append(s.dbs, newDatabase(s, i))
	}
	return s
}

// BuildProtocol implements [protocol.Factory].
func (s *server) BuildProtocol(peer protocol.Address) protocol.Protocol {
	return &client{server: s, peer: peer, parser: parser{limits: limits{
		bulk: s.config.MaxBulk, args: s.config.MaxArgs, request: s.config.MaxRequest,
	}}}
}

// begin is called at the beginning of every event.
func (s *server) begin() {
	s.now = 0
	s.depth++
}

// time is when the event at hand began, in ms since 1970. To ask costs a guest two calls of its host, which most events can
// do without.
func (s *server) time() int64 {
	if s.now == 0 {
		s.now = s.clock.Now().UnixMilli()
	}
	return s.now
}

// end is called at the end of every event: clients that can go on do, and all replies are written.
func (s *server) end() {
	if s.depth--; s.depth > 0 {
		return
	}
	for len(s.woken) > 0 {
		c := s.woken[0]
		s.woken = slices.Delete(s.woken, 0, 1)
		c.run()
	}
	for _, c := range s.pending {
		c.queued = false
		c.flush()
	}
	clear(s.pending)
	s.pending = s.pending[:0]
	s.schedule()
}

// schedule sets the timer to the next key that expires.
func (s *server) schedule() {
	if len(s.expiry) == 0 {
		if s.timer != nil && s.timer.Active() {
			_ = s.timer.Cancel() // it is active
		}
		s.timer = nil
		return
	}
	due := time.UnixMilli(s.expiry[0].expires + 1)
	wait := min(max(0, due.Sub(s.clock.Now())), time.Hour)
	if s.timer == nil || !s.timer.Active() {
		s.timer = s.clock.CallLater(wait, s.expire)
	} else if d := s.timer.Time().Sub(s.clock.Now()) - wait; d > time.Millisecond || d < -time.Second {
		_ = s.timer.Reset(wait) // it is active
	}
}

// batch is how many keys expire in one event.
const batch = 500

// expire deletes keys whose time has come.
func (s *server) expire() {
	s.timer = nil
	s.begin()
	defer s.end()
	for n := 0; n < batch && len(s.expiry) > 0 && s.expiry[0].expires <= s.time(); n++ {
		e := s.expiry[0]
		s.expired++
		e.db.remove(e)
	}
}

// over reports whether there is no room for more data.
func (s *server) over() bool { return s.used > s.config.MaxMemory }
