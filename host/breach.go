package host

import (
	"sync/atomic"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// breaches counts how often each limit was breached, and keeps a flood of breaches from being a flood of log lines.
type breaches struct {
	counters []breachCounter // as limitTable
}

type breachCounter struct {
	count  atomic.Uint64
	logged atomic.Uint64 // count as of the last log line
	when   atomic.Int64  // of the last log line, in nanoseconds of the wall clock
}

// breachLogInterval is how often the breach of one limit of one service is logged at most.
const breachLogInterval = time.Second

func newBreaches() breaches { return breaches{make([]breachCounter, len(limitTable))} }

// breach counts and logs the breach of a limit, and returns it as an error. Either of i and c may be nil.
func (s *Service) breach(i *instance, c *conn, name string) *LimitError {
	err := s.limitError(name)
	n := limitIndex(name)
	b := &s.breaches.counters[n]
	count := b.count.Add(1)
	now, last := time.Now().UnixNano(), b.when.Load()
	if now-last < int64(breachLogInterval) || !b.when.CompareAndSwap(last, now) {
		return err
	}
	attrs := []any{"limit", name, "value", err.Value}
	if c != nil {
		attrs = append(attrs, "conn", c.id, "peer", peerText(c.t), c.bill.attr())
	}
	if missed := count - b.logged.Swap(count) - 1; missed > 0 {
		attrs = append(attrs, "times", missed+1)
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
