package host

// Instances that are idle give up what they do not need, and what they hold of memory is looked up, so that all of a
// service together stay within "memory-total".
//
// Growth is counted when it happens. Pages of the image that an instance writes to become its own without the host's
// knowledge; they are found here. The search costs some microseconds an instance, so it is only done where it matters,
// and a part of the instances at a time.

const (
	// inspected is how many instances of a shard are looked at in one go.
	inspected = 1024
	// measured is how many of them have their memory measured.
	measured = 64
)

// enlist and delist keep the shard's list of instances.
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

// inspect looks at the next instances of the list, and reports whether it has come to the end.
func (sh *shard) inspect() (done bool) {
	matters := sh.svc.mayExceedMemory()
	for looked, weighed := 0, 0; looked < inspected && sh.position < len(sh.list); looked++ {
		i := sh.list[sh.position]
		sh.position++
		if i.running {
			continue
		}
		if !i.active {
			i.dispatch = nil // its call stack is some 12 KB; the next event makes another one
			continue
		}
		i.active = false
		if matters {
			i.weigh()
			if weighed++; weighed == measured {
				break
			}
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

// mayExceedMemory reports whether the service's instances could hold more than they may, if they wrote to all of their
// memory.
func (s *Service) mayExceedMemory() bool {
	return s.limits.MemoryTotal > 0 && s.instances.Load()*max(s.code.memory, int64(s.imageSize())) > s.limits.MemoryTotal
}

func (s *Service) imageSize() uint64 {
	if s.snapshot.memory == nil {
		return 0
	}
	return s.snapshot.memory.Size()
}

// weigh looks up the instance's private memory.
func (i *instance) weigh() {
	now := int64(i.linear.Measure())
	i.svc.memory.Add(now - i.private)
	i.private = now
}

// relieve ends instances until the service's memory is within its limit: first what waits in the pool, then the largest
// that were measured.
func (sh *shard) relieve() {
	s := sh.svc
	if s.memory.Load() <= s.limits.MemoryTotal {
		return
	}
	sh.pool.close()
	for range measured {
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
