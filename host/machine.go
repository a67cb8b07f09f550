package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmnet/wasmnet/host/internal/image"
)

// A machine is what a guest runs on: an instance of the module in wazero, and its linear memory. Guests come and go, and
// give their machine away while nothing happens to them (see sleep.go). Between two guests a machine is made what it was
// when it was new.
type machine struct {
	svc      *Service
	module   api.Module // nil once it is closed
	memory   api.Memory
	linear   *linearMemory
	dispatch api.Function // nil while it is parked: it holds a call stack of some 12 KB
	fuel     api.MutableGlobal
	globals  []api.MutableGlobal // as in code.globals
}

// A snapshot is what a fresh machine begins with: the state of the one that ran start-up.
type snapshot struct {
	memory  *image.Image // nil: the module's state cannot be captured, and each instance starts up by itself
	globals []uint64     // as in code.globals
	receive span
}

// moduleConfig is that of every machine. The random source spares wazero the making of one that nobody uses; no name,
// because machines are many.
var moduleConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// linearMemory is a machine's memory as wazero sees it, with the limits "memory" and "memory-total" on it.
type linearMemory struct {
	*image.Memory
	inst *instance // whose growth counts; nil while the machine has no guest
}

// Allocate implements experimental.MemoryAllocator.
func (m *linearMemory) Allocate(capacity, most uint64) experimental.LinearMemory {
	m.Memory.Allocate(capacity, most)
	return m
}

// Reallocate implements experimental.LinearMemory.
func (m *linearMemory) Reallocate(size uint64) []byte {
	i := m.inst
	if i == nil {
		return m.Memory.Reallocate(size)
	}
	if now := uint64(len(i.mem)); size > now {
		switch {
		case int64(size) > i.svc.limits.Memory:
			i.svc.breach(i, i.account, "memory")
			return nil
		case !i.svc.reserve(int64(size - now)):
			i.svc.breach(i, i.account, "memory-total")
			return nil
		}
		i.private += int64(size - now)
	}
	grown := m.Memory.Reallocate(size)
	if grown != nil {
		i.mem = grown
	}
	return grown
}

// newMachine instantiates the service's module with this memory. Nothing of the module has run yet.
func (s *Service) newMachine(memory *image.Memory) (*machine, error) {
	m := &machine{svc: s, linear: &linearMemory{Memory: memory}}
	ctx := experimental.WithMemoryAllocator(context.Background(), m.linear)
	module, err := s.host.runtime.InstantiateModule(ctx, s.code.compiled, moduleConfig)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("cannot be instantiated: %w", err), memory.Close())
	}
	m.module, m.memory = module, module.Memory()
	m.fuel = module.ExportedGlobal(fuelExport).(api.MutableGlobal)
	module.ExportedGlobal(depthExport).(api.MutableGlobal).Set(uint64(s.limits.Stack))
	m.globals = make([]api.MutableGlobal, len(s.code.globals))
	for n, g := range s.code.globals {
		m.globals[n] = module.ExportedGlobal(g).(api.MutableGlobal)
	}
	s.track(m)
	s.totals.Built.Add(1)
	return m, nil
}

// freshMachine returns a new one in the state of the snapshot, which there is.
func (s *Service) freshMachine() (*machine, error) {
	memory, err := s.snapshot.memory.NewMemory(nil)
	if err != nil {
		return nil, err
	}
	m, err := s.newMachine(memory)
	if err != nil {
		return nil, err
	}
	m.set(s.snapshot.globals)
	return m, nil
}

// set gives the globals values.
func (m *machine) set(values []uint64) {
	for n, v := range values {
		m.globals[n].Set(v)
	}
}

// A change is a global that has another value than in the snapshot.
type change struct {
	global int
	value  uint64
}

// changes are the globals' differences from the snapshot.
func (m *machine) changes() []change {
	var list []change
	for n, g := range m.globals {
		if v := g.Get(); v != m.svc.snapshot.globals[n] {
			list = append(list, change{n, v})
		}
	}
	return slices.Clone(list)
}

// reset makes a machine without a guest fresh, and reports whether that could be done.
func (m *machine) reset() bool {
	s := m.svc
	if s.snapshot.memory == nil || !s.code.recyclable || m.linear.Reset(m.memory) != nil {
		return false
	}
	m.set(s.snapshot.globals)
	return true
}

// slim gives back what the machine holds for itself where memory is short, and reports whether that could be done.
func (m *machine) slim() bool {
	return m.linear.Private() <= mostWaiting || !m.svc.mayExceedMemory() || m.linear.Trim() == nil
}

// close lets go of it.
func (m *machine) close() {
	if m.module == nil {
		return
	}
	if err := errors.Join(m.module.Close(context.Background()), m.linear.Close()); err != nil {
		m.svc.log.Error("instance was not closed", "error", err)
	}
	m.module, m.memory, m.dispatch, m.fuel, m.globals = nil, nil, nil, nil, nil
	m.svc.untrack(m)
	m.svc.host.garbage.add(machineWeight)
}

// track and untrack keep the list of the service's machines.
func (s *Service) track(m *machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[m] = struct{}{}
}

func (s *Service) untrack(m *machine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, m)
}
