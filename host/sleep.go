package host

import (
	"bytes"
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/host/internal/image"
)

// A guest only runs on events. When there has been none for a while, it goes to sleep: what its memory and globals differ
// in from the snapshot, mostly some hundred bytes, is saved, and its machine serves others or is let go. The next
// event wakes it on whatever machine there is; it cannot tell. Only its receive buffer is not kept, which the host may
// overwrite at any time.

const (
	// mostSaved is how many bytes a sleeping guest may take. One that takes more stays awake: it would save little.
	mostSaved = 64 * kib
	// longSleep is what pays. A guest that is woken sooner, because its peer says something every few seconds, waits twice
	// as long before it sleeps again, up to mostPatience inspections: to sleep and wake costs as much as ten messages do.
	longSleep    = 8 * time.Second
	mostPatience = 7
	// spares is how many machines that are left by guests going to sleep wait for others to wake.
	spares = 64
)

// asleep is what is left of a guest without a machine.
type asleep struct {
	memory  []byte
	globals []change
	since   int64 // on the monotonic clock
}

// maySleep reports whether guests can be woken as what they were: on a machine of their own, whose whole state is memory
// and globals.
func (s *Service) maySleep() bool {
	return s.isolation == PerConnection && s.snapshot.memory != nil && s.code.recyclable
}

// sleep makes the guest give up its machine. It returns false if that does not pay.
func (i *instance) sleep() bool {
	sh := i.shard
	receive := image.Range{From: int(i.receive.ptr), To: int(i.receive.ptr) + int(i.receive.len)}
	saved, ok := i.linear.Save(sh.saving[:0], receive, mostSaved)
	if !ok {
		return false
	}
	sh.saving = saved
	i.asleep = asleep{memory: bytes.Clone(saved), globals: i.changes(), since: i.time().monotonic()}
	m := i.vacate()
	i.private = int64(len(saved))
	i.svc.memory.Add(i.private)
	i.svc.asleep.Add(1)
	sh.spare(m)
	return true
}

// wake sees that the guest has a machine.
func (i *instance) wake() error {
	if i.machine != nil {
		return nil
	}
	m, err := i.shard.machine()
	if err != nil {
		return fmt.Errorf("it cannot be woken: %w", err)
	}
	if err := m.linear.Load(m.memory, i.asleep.memory); err != nil {
		m.close()
		return fmt.Errorf("it cannot be woken: %w", err)
	}
	for _, c := range i.asleep.globals {
		m.globals[c.global].Set(c.value)
	}
	if i.time().monotonic()-i.asleep.since < int64(longSleep) {
		i.patience = min(2*i.patience+1, mostPatience)
	} else {
		i.patience = 0
	}
	i.forget()
	// It may have what it had before, even if that is more by now than all may have: inspection sees to it.
	i.private = int64(m.memory.Size()) - int64(i.svc.imageSize()) + i.svc.code.tables
	i.svc.memory.Add(i.private)
	i.occupy(m)
	i.shard.tally.Woken++
	return nil
}

// forget gives up what a sleeping guest would need to be woken.
func (i *instance) forget() {
	i.release()
	i.asleep = asleep{}
	i.svc.asleep.Add(-1)
}

// machine is one for a guest that wakes, and has been counted.
func (sh *shard) machine() (*machine, error) {
	if m := sh.pool.pop(); m != nil {
		sh.svc.instances.Add(-1)
		return m, nil
	}
	return sh.svc.freshMachine()
}

// spare keeps a machine that its guest has left, if more are needed.
func (sh *shard) spare(m *machine) {
	s := sh.svc
	if len(sh.pool.free) >= spares || s.limits.Instances > 0 && s.instances.Load() >= s.limits.Instances || !m.reset() {
		m.close()
		return
	}
	s.instances.Add(1)
	sh.pool.put(m)
}
