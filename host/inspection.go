package host

import "time"

// Guests that nothing happens to give up what they do not need, and what the others hold of memory is looked up, so that
// all of a service together stay within "memory-total".
//
// Growth is counted when it happens. Pages of the image that a guest writes to become its own without the host's
// knowledge; they are found here, and after calls that wrote much (footprint.go). The search costs some microseconds a
// guest, so it is only done where it matters.
//
// All guests are looked at once a second, as many in one turn of the loop as there is time for.

// tidyTime is how much of a turn is spent here.
const tidyTime = 300 * time.Microsecond

// enlist and delist keep the shard's list of guests that have a machine.
func (sh *shard) enlist(i *instance) {
	i.index = len(sh.list)
	sh.list = append(sh.list, i)
}

func (sh *shard) delist(i *instance) {
	last := len(sh.list) - 1
	moved := sh.list[last]
	sh.list[i.index], moved.index = moved, i.index
	sh.list[last] = nil
	sh.list = sh.list[:last]
}

// tidy does a part of what there is to do, and the rest in the turns to come.
func (sh *shard) tidy() {
	until := time.Now().Add(tidyTime)
	if sh.pool.trim(until) && sh.inspect(until) {
		sh.tidying = false
		sh.svc.host.garbage.collect()
		return
	}
	sh.loop.CallLater(0, sh.tidy)
}

// inspect looks at the guests that are left to be looked at, until the time has come. It reports whether it has come to
// the end.
func (sh *shard) inspect(until time.Time) (done bool) {
	matters := sh.svc.mayExceedMemory()
	for n := 1; sh.position < len(sh.list); n++ {
		i := sh.list[sh.position]
		worked := false
		if !i.running {
			worked = sh.look(i, matters)
		}
		if i.machine != nil {
			sh.position++
		}
		if (worked || n%256 == 0) && !time.Now().Before(until) {
			break
		}
	}
	if matters {
		sh.relieve()
	}
	if sh.position < len(sh.list) {
		return false
	}
	sh.position = 0
	return true
}

// look looks at a guest. It reports whether that took time.
func (sh *shard) look(i *instance, matters bool) (worked bool) {
	switch {
	case i.quiet == lively:
		i.quiet++
		sh.lively = true
		if matters {
			i.weigh()
		}
		return matters
	case i.quiet == still:
		return false
	case i.quiet <= i.patience && !(matters && sh.svc.memoryIsShort()):
		i.quiet++
		sh.lively = true
		return false
	}
	i.quiet = still
	if i.exit == nil && i.end == nil && sh.svc.maySleep() && i.sleep() {
		return true
	}
	i.dispatch = nil // the next event makes another one
	return true
}

// quiet says how long nothing has happened to a guest: so many times it was looked at.
type quiet uint8

const (
	lively quiet = 0   // something has, since it was last looked at
	still  quiet = 255 // for so long that it has given up what it can
)

// memoryIsShort reports whether guests had better sleep as soon as they can: what they hold is half of what they may.
func (s *Service) memoryIsShort() bool { return s.memory.Load() > s.limits.MemoryTotal/2 }

// mayExceedMemory reports whether the service's instances could hold more than they may, if they wrote to all of their
// memory: growth is counted, and what they begin with is not until it was found.
func (s *Service) mayExceedMemory() bool {
	most := s.limits.MemoryTotal
	return most > 0 && s.memory.Load()+s.instances.Load()*max(s.code.memory, int64(s.imageSize())) > most
}

func (s *Service) imageSize() uint64 {
	if s.snapshot.memory == nil {
		return 0
	}
	return s.snapshot.memory.Size()
}

// weigh looks up the instance's private memory.
func (i *instance) weigh() {
	now := int64(i.linear.Measure()) + i.svc.code.tables
	i.svc.memory.Add(now - i.private)
	i.private = now
}

// mostRelieved is how many instances are ended in one go.
const mostRelieved = 64

// relieve ends instances until the service's memory is within its limit: first what waits in the pool, then the largest
// that were measured.
func (sh *shard) relieve() {
	s := sh.svc
	if !s.tooHeavy() {
		return
	}
	sh.pool.close()
	for range mostRelieved {
		if s.memory.Load() <= s.limits.MemoryTotal {
			return
		}
		var largest *instance
		for _, i := range sh.list {
			if !i.running && i.end == nil && (largest == nil || i.private > largest.private) {
				largest = i
			}
		}
		if largest == nil {
			return
		}
		largest.fail(s.limitError("memory-total"))
		largest.idle()
	}
}
