package host

import "sync/atomic"

// What an inspection finds once a second, a fast guest has long overdone: in a second it writes to gigabytes. So where the
// limit "memory-total" is in reach, guests are also looked at when they have run for a while: after a call, and between the
// slices of a long one, wherever that runs. To look means to ask the system how many pages the process has come to use,
// which takes about a microsecond. Only if these are many is the guest weighed that ran, and ended if it makes all of
// them too heavy. Guests that write little each, but are many, bring the next inspection forward.

const (
	// lookAfter is how much fuel guests of a loop use between two looks, in units. A unit writes to one page at most.
	lookAfter = 16_384
	// manyPages is how many pages the process has to have come to use for a guest to be weighed.
	manyPages = 256
	// mostWaiting is how many bytes of its own a machine may keep while it waits for a guest.
	mostWaiting = mib
	// sixteenth is the part of "memory-total" by which the process has to have grown for an early inspection, and by which
	// instances may exceed the limit before one is ended.
	sixteenth = 16
)

// A footprint is what the process had when it was looked at last for a service.
type footprint struct {
	faults atomic.Int64 // pages it had come to use, when a guest was weighed
	size   atomic.Int64 // of its memory, when an inspection was brought forward
}

// look says whether the process has come to use many pages since the last look that found this. Where it cannot be
// known, it has.
func (s *Service) look() (many bool) {
	pages, ok := s.host.gauge.Faults()
	if !ok {
		return true
	}
	if pages-s.footprint.faults.Load() < manyPages {
		return false
	}
	s.footprint.faults.Store(pages)
	return true
}

// overdue says whether the process has grown so much that an inspection is due.
func (s *Service) overdue() bool {
	now, ok := s.host.gauge.Private()
	last := s.footprint.size.Load()
	if !ok || now >= last && now-last < s.limits.MemoryTotal/sixteenth {
		return false
	}
	s.footprint.size.Store(now)
	return now > last
}

// watch looks at a guest that is running or has just run, and returns the breach if all together hold too much with it.
func (i *instance) watch() error {
	s := i.svc
	if !s.look() {
		return nil
	}
	if i.shard != nil && !i.away && s.overdue() {
		i.shard.inspectSoon()
	}
	i.weigh()
	if s.tooHeavy() {
		return s.limitError("memory-total")
	}
	return nil
}

// tooHeavy reports whether instances have to go. Pages are found when they have been written to, so this is a little beyond
// the limit, up to which growth is granted.
func (s *Service) tooHeavy() bool {
	most := s.limits.MemoryTotal
	return s.memory.Load() > most+most/sixteenth
}

// watchAfter watches the guest after a call that has used so much fuel.
func (i *instance) watchAfter(fuel int64) error {
	sh := i.shard
	if sh == nil || i.machine == nil || !i.svc.mayExceedMemory() {
		return nil
	}
	if sh.unwatched += fuel; sh.unwatched < lookAfter {
		return nil
	}
	sh.unwatched = 0
	return i.watch()
}

// watchSlice watches the guest in the middle of a call.
func (i *instance) watchSlice() {
	if (i.shard == nil && i.task == nil) || !i.svc.mayExceedMemory() {
		return
	}
	if err := i.watch(); err != nil {
		panic(err)
	}
}

// inspectSoon has the next inspection begin in the next turn.
func (sh *shard) inspectSoon() {
	if !sh.tidying {
		sh.tidying = true
		sh.loop.CallLater(0, sh.tidy)
	}
}
