package host

// own is what every instance holds for itself from the beginning: its tables, up to the size they may grow to, which they
// do without the host's knowledge, and its memory where that is no copy of an image.
func (s *Service) own() int64 {
	if s.snapshot.memory == nil {
		return s.code.tables + s.code.memory
	}
	return s.code.tables
}

// claim counts an instance against the limit "instances", of which every guest is one, awake or asleep, and every
// machine that waits for one. There has to be memory for what it begins with.
func (s *Service) claim() error {
	if own, most := s.own(), s.limits.MemoryTotal; own > 0 && most > 0 && s.memory.Load()+own > most {
		return s.breach(nil, nil, "memory-total")
	}
	if n := s.instances.Add(1); s.limits.Instances > 0 && n > s.limits.Instances {
		s.instances.Add(-1)
		return s.breach(nil, nil, "instances")
	}
	return nil
}

// fresh returns a new instance that is the service's snapshot, byte for byte.
func (s *Service) fresh(sh *shard) (*instance, error) {
	if s.snapshot.memory == nil {
		return s.startedAgain(sh)
	}
	if err := s.claim(); err != nil {
		return nil, err
	}
	m, err := s.freshMachine()
	if err != nil {
		s.instances.Add(-1)
		return nil, err
	}
	return m.guest(sh), nil
}

// guest returns a new guest, which has been counted, on this machine.
func (m *machine) guest(sh *shard) *instance {
	s := m.svc
	i := &instance{svc: s, shard: sh, receive: s.snapshot.receive, fresh: true, files: files{mounts: s.mounts}}
	i.meter.budget = s.fuel
	i.occupy(m)
	i.private = s.own()
	if s.mayExceedMemory() {
		i.private += int64(m.linear.Private()) // what an earlier guest wrote to is still there
	}
	s.memory.Add(i.private)
	return i
}

// occupy gives the guest a machine.
func (i *instance) occupy(m *machine) {
	i.machine, m.linear.inst = m, i
	i.mem = m.linear.Bytes()
	if i.shard != nil {
		i.shard.enlist(i)
	}
}

// vacate takes the guest's machine away from it.
func (i *instance) vacate() *machine {
	m := i.machine
	i.size = uint64(len(i.mem))
	i.machine, m.linear.inst, i.mem = nil, nil, nil
	i.release()
	if i.shard != nil {
		i.shard.delist(i)
	}
	return m
}

// recycle ends the guest, and keeps its machine for another one if it can be made fresh again.
func (i *instance) recycle() {
	i.discardAll()
	if i.machine == nil {
		i.drop()
		return
	}
	i.finish()
	m := i.vacate()
	if !m.reset() || !m.slim() {
		m.close()
		i.svc.instances.Add(-1)
		return
	}
	i.shard.tally.Recycled++
	i.shard.pool.put(m)
}

// finish is the end of the guest, which has nothing from now on but a machine or what it needs to be woken.
func (i *instance) finish() {
	i.gone = true
	i.files.reset()
	i.forgetWakeup()
}

// drop ends the guest together with its machine.
func (i *instance) drop() {
	if i.gone {
		return
	}
	i.finish()
	if i.machine != nil {
		i.vacate().close()
	} else {
		i.forget()
	}
	i.svc.instances.Add(-1)
}

// release gives back what the instance has taken of the service's memory.
func (i *instance) release() {
	i.svc.reserve(-i.private)
	i.private = 0
}

// memorySize is the size of the guest's memory, the last one if it has none now.
func (i *instance) memorySize() uint64 {
	if i.machine == nil {
		return i.size
	}
	return uint64(len(i.mem))
}
