package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasmnet/wasmnet/host/internal/image"
)

// A snapshot is what a fresh instance begins with: the state of the one that ran start-up.
type snapshot struct {
	memory  *image.Image // nil: the module's state cannot be captured, and each instance starts up by itself
	globals []uint64     // as in code.globals
	receive span
}

// moduleConfig is that of every instance. The random source spares wazero the making of one that nobody uses; no name,
// because instances are many.
var moduleConfig = wazero.NewModuleConfig().WithName("").WithStartFunctions().WithRandSource(rand.Reader)

// linearMemory is an instance's memory as wazero sees it, with the limits "memory" and "memory-total" on it.
type linearMemory struct {
	*image.Memory
	inst *instance
}

// Allocate implements experimental.MemoryAllocator.
func (m *linearMemory) Allocate(capacity, most uint64) experimental.LinearMemory {
	m.Memory.Allocate(capacity, most)
	return m
}

// Reallocate implements experimental.LinearMemory.
func (m *linearMemory) Reallocate(size uint64) []byte {
	i := m.inst
	if now := uint64(len(m.Bytes())); size > now && i.module != nil {
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
	return m.Memory.Reallocate(size)
}

// newInstance instantiates the service's module with this memory. The guest has not run yet.
func (s *Service) newInstance(sh *shard, memory *image.Memory) (*instance, error) {
	if live := s.instances.Add(1); s.limits.Instances > 0 && live > s.limits.Instances {
		s.instances.Add(-1)
		return nil, errors.Join(s.breach(nil, nil, "instances"), memory.Close())
	}
	i := &instance{svc: s, shard: sh, files: files{mounts: s.mounts}}
	i.linear = &linearMemory{memory, i}
	i.meter.budget = s.fuel
	ctx := experimental.WithMemoryAllocator(context.Background(), i.linear)
	m, err := s.host.runtime.InstantiateModule(ctx, s.code.compiled, moduleConfig)
	if err != nil {
		s.instances.Add(-1)
		return nil, errors.Join(fmt.Errorf("cannot be instantiated: %w", err), memory.Close())
	}
	i.module, i.memory = m, m.Memory()
	i.fuel = m.ExportedGlobal(fuelExport).(api.MutableGlobal)
	m.ExportedGlobal(depthExport).(api.MutableGlobal).Set(uint64(s.limits.Stack))
	i.globals = make([]api.MutableGlobal, len(s.code.globals))
	for n, g := range s.code.globals {
		i.globals[n] = m.ExportedGlobal(g).(api.MutableGlobal)
	}
	if sh != nil {
		sh.enlist(i)
	}
	s.track(i)
	s.totals.Built.Add(1)
	return i, nil
}

// fresh returns an instance that is the service's snapshot, byte for byte.
func (s *Service) fresh(sh *shard) (*instance, error) {
	if s.snapshot.memory == nil {
		return s.startedAgain(sh)
	}
	memory, err := s.snapshot.memory.NewMemory(nil)
	if err != nil {
		return nil, err
	}
	i, err := s.newInstance(sh, memory)
	if err != nil {
		return nil, err
	}
	i.restore()
	return i, nil
}

// restore makes globals and the host's own state of the instance those of the snapshot. Memory is the image's business.
func (i *instance) restore() {
	s := &i.svc.snapshot
	for n, v := range s.globals {
		i.globals[n].Set(v)
	}
	i.receive = s.receive
	i.fresh = true
}

// recycle keeps the instance for another connection, or drops it if it cannot be made fresh again.
func (i *instance) recycle() {
	i.discardAll()
	if !i.refresh() {
		i.drop()
		return
	}
	i.shard.tally.Recycled++
	i.shard.pool.put(i)
}

// refresh makes the instance what it was when it was new, and reports whether that could be done.
func (i *instance) refresh() bool {
	if i.svc.snapshot.memory == nil || !i.svc.code.recyclable || i.linear.Reset(i.memory) != nil {
		return false
	}
	i.release()
	i.restore()
	i.handles.Reset()
	i.files.reset()
	i.conns, i.timers, i.dials, i.counted = 0, 0, 0, 0
	i.log.reset()
	return true
}

// drop closes the instance.
func (i *instance) drop() {
	if i.module == nil {
		return
	}
	i.size = i.memorySize()
	err := errors.Join(i.module.Close(context.Background()), i.linear.Close())
	if err != nil {
		i.svc.log.Error("instance was not closed", "error", err)
	}
	i.module, i.memory, i.dispatch, i.fuel, i.globals = nil, nil, nil, nil, nil
	i.release()
	i.files.reset()
	if i.shard != nil {
		i.shard.delist(i)
	}
	i.svc.untrack(i)
}

// release gives back what the instance's memory has taken of the service's.
func (i *instance) release() {
	i.svc.reserve(-i.private)
	i.private = 0
}

// memorySize is the size of the guest's memory, the last one if it was closed.
func (i *instance) memorySize() uint64 {
	if i.memory == nil {
		return i.size
	}
	return uint64(i.memory.Size())
}
