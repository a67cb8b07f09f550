package host

import (
	"sync/atomic"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// breaches counts how often each limit was breached, and keeps a flood of breaches from being a flood of log lines.
type breaches struct {
	counters []breachCounter // as limitTable
}

type breachCounter struct {
	count  atomic.Uint64
	lines  sampler
	missed atomic.Uint64 // since the last log line
	conn   atomic.Uint64 // that the last log line was about; 0: none
}

func newBreaches() breaches { return breaches{make([]breachCounter, len(limitTable))} }

// breach counts and logs the breach of a limit, and returns it as an error. Either of i and c may be nil. A connection
// that breaches a limit over and over, as a guest does that logs in a loop, is logged once.
func (s *Service) breach(i *instance, c *conn, name string) *LimitError {
	err := s.limitError(name)
	b := &s.breaches.counters[limitIndex(name)]
	b.count.Add(1)
	again := c != nil && b.conn.Load() == c.id
	if again || !b.lines.allow() {
		b.missed.Add(1)
		return err
	}
	attrs := []any{"limit", name, "value", err.Value}
	if c != nil {
		b.conn.Store(c.id)
		attrs = append(attrs, "conn", c.id, "peer", peerText(c.t), c.bill.attr())
	}
	if missed := b.missed.Swap(0); missed > 0 {
		attrs = append(attrs, "missed", missed) // breaches that were not logged, as there were too many
	}
	s.log.Warn("limit exceeded", attrs...)
	return err
}

func limitIndex(name string) int {
	for n, l := range limitTable {
		if l.name == name {
			return n
		}
	}
	panic("host: no limit " + name)
}

// breach ends the connection for the breach of a limit.
func (c *conn) breach(name string, why protocol.Reason) {
	if c.state&connBreach != 0 {
		return
	}
	c.state |= connBreach
	c.svc.breach(c.inst, c, name)
	c.unregister()
	c.abort(why)
}
