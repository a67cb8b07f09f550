package host

import (
	"log/slog"
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wheel"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A shard is a service's part on one loop: its instances there, the fresh ones that wait to be used, and what they
// have cost. It is used on that loop only.
type shard struct {
	svc    *Service
	loop   protocol.Reactor
	time   guestTime
	clock  *clock
	detach func()          // lets the loop go on without the call that calls it; nil where the loop cannot
	ended  <-chan struct{} // closed when the loop has ended; nil where it does not tell

	pool   pool
	shared supervisor // of the instance that all connections share, in the isolations that have one
	fuel   fuelTotal
	conns  int
	tally  Totals // since it was last added to the service's

	list      []*instance // its guests that have a machine, in no order
	position  int         // of the one to be inspected next
	unwatched int64       // fuel that guests have used since they were last watched
	lively    bool        // the inspection under way has found one to which something happens
	tidying   bool
	saving    []byte // scratch

	entry   wheel.Entry
	scratch []byte
}

// shardOf is the service's part on loop.
func (s *Service) shardOf(loop protocol.Reactor) *shard {
	if sh, ok := s.shards.Load(loop); ok {
		return sh.(*shard)
	}
	sh := &shard{svc: s, loop: loop, time: s.time.on(loop), clock: s.host.clockOf(loop)}
	sh.entry.Owner = sh
	sh.pool.shard = sh
	sh.shared.shard = sh
	sh.fuel.init(sh)
	if d, ok := loop.(interface{ Detach() }); ok {
		sh.detach = d.Detach
	}
	if d, ok := loop.(interface{ Done() <-chan struct{} }); ok {
		sh.ended = d.Done()
	}
	stored, _ := s.shards.LoadOrStore(loop, sh)
	s.sweep(sh)
	return stored.(*shard)
}

// sweep takes over what is left on loops that have ended: tests make many of them for one service. A loop that a slow
// call can leave is not touched, since the call may still be under way.
func (s *Service) sweep(heir *shard) {
	s.shards.Range(func(loop, v any) bool {
		sh := v.(*shard)
		if sh.detach != nil || sh.ended == nil {
			return true
		}
		select {
		case <-sh.ended:
			s.shards.Delete(loop)
			s.host.clocks.Delete(loop)
			sh.bequeath(heir)
		default:
		}
		return true
	})
}

// bequeath gives the machines of a shard whose loop has ended to another one.
func (sh *shard) bequeath(heir *shard) {
	sh.shared.wanted = false
	for _, i := range slices.Clone(sh.list) {
		i.end = protocol.ErrShutdown
		i.discardAll()
		i.drop()
	}
	sh.flush()
	heir.pool.free = append(heir.pool.free, sh.pool.free...)
	sh.pool.free = nil
}

// instance is the one that a new root connection gets.
func (sh *shard) instance() (*instance, error) {
	if sh.svc.isolation == PerConnection {
		return sh.pool.take()
	}
	return sh.shared.get()
}

// opened and closed count the connections of instances.
func (sh *shard) opened(c *conn) {
	sh.conns++
	sh.tally.Connections++
	sh.svc.open.Add(1)
	sh.active()
	if sh.svc.log.Enabled(sh.svc.ctx, slog.LevelDebug) {
		sh.svc.log.Debug("connection made", "conn", c.id, "peer", peerText(c.t))
	}
}

func (sh *shard) closed(c *conn, i *instance, reason error) {
	sh.conns--
	sh.svc.open.Add(-1)
	if c.state&connRoot != 0 {
		sh.svc.dismiss(c)
	}
	c.bill.BytesIn, c.bill.BytesOut = c.traffic()
	sh.tally.BytesIn += c.bill.BytesIn
	sh.tally.BytesOut += c.bill.BytesOut
	sh.flush()
	if sh.svc.open.Load() == 0 && sh.svc.stopping.Load() {
		sh.loop.CallFromThread(sh.farewell) // it calls a guest, which has no place here
	}
	level := slog.LevelDebug
	if c.state&connBreach != 0 || i.failed() {
		level = sh.svc.closings.level()
	}
	if !sh.svc.log.Enabled(sh.svc.ctx, level) {
		return
	}
	c.bill.Memory = i.memorySize()
	sh.svc.log.Log(sh.svc.ctx, level, "connection closed", "conn", c.id, "peer", peerText(c.t),
		"reason", c.reason(reason).Error(), c.bill.attr())
}

// closings are the ends of connections that an operator should hear of without asking: those that a breach or a trap has
// ended. A flood of them is not a flood of lines.
type closings struct{ sampler }

// level is the one of the next such end.
func (c *closings) level() slog.Level {
	if c.allow() {
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// active sees that the shard is looked at again.
func (sh *shard) active() {
	if !sh.entry.Waiting() {
		sh.clock.add(&sh.entry, ticksPerSecond)
	}
}

// flush adds what was counted on this loop to the service's totals.
func (sh *shard) flush() {
	sh.svc.totals.add(&sh.tally)
	sh.tally = Totals{}
}

// Due implements [wheel.Owner]: once a second, as long as there is anything to look at.
func (sh *shard) Due(int64) int64 {
	busy := sh.tally != (Totals{})
	sh.flush()
	if !sh.tidying {
		busy = busy || sh.lively || len(sh.pool.free) > sh.pool.kept()
		sh.tidying, sh.lively = true, false
		sh.pool.plan()
		sh.tidy()
	}
	if !busy && !sh.tidying && !sh.lively && !sh.svc.host.garbage.much() {
		return 0
	}
	return ticksPerSecond
}

// sink is where bytes go that no guest wants.
func (sh *shard) sink() []byte {
	if sh.scratch == nil {
		sh.scratch = make([]byte, 16*kib)
	}
	return sh.scratch
}
