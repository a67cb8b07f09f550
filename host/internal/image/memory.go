package image

import (
	"fmt"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"
)

// Memory is the linear memory of one instance: wazero's allocator for it and the memory that this allocates, in one.
// It serves a single instantiation. One goroutine at a time.
type Memory struct {
	img     *Image // nil: start-up memory
	region  region
	buf     []byte // what wazero sees: the region's beginning, or a slice of its own after growing out of it
	base    int    // the length that it began with
	limit   uint64
	used    int // how much of the region was seen since the last restore
	private int
	grow    GrowFunc
	count   *atomic.Int64
	state   state
}

// state says who still holds a Memory, and whether its content is known.
type state uint8

const (
	lent    state = 1 << iota // wazero has it and did not free it yet
	spent                     // it was lent
	closed                    // its owner closed it
	spoiled                   // a reset failed
	shrink                    // the next Reallocate takes growth back
)

var (
	_ experimental.MemoryAllocator = (*Memory)(nil)
	_ experimental.LinearMemory    = (*Memory)(nil)
)

// View is what Reset needs of the memory of an instantiated module; api.Memory has it.
type View interface {
	// Grow adds pages and returns the former number.
	Grow(pages uint32) (previous uint32, ok bool)
	// Size returns the length in bytes.
	Size() uint32
}

// NewStartup returns an empty memory for the instance that runs start-up, growing to at most max bytes. Its content is
// the snapshot for New. It also serves instances that are never recycled. The module's declared minimum must not be above
// max: wazero panics when it is refused its first length.
func NewStartup(max uint64, grow GrowFunc) *Memory {
	return &Memory{region: &copied{}, limit: min(max, MaxSize), grow: grow}
}

// Bytes returns the memory's present content. It is valid until the memory grows, is reset or closed.
func (m *Memory) Bytes() []byte { return m.buf }

// Private returns how many bytes at most the memory holds for itself instead of sharing them with the image, as of the
// last reset.
func (m *Memory) Private() uint64 { return uint64(m.private) }

// Measure looks up how many bytes the memory holds for itself now: of what it began with the pages that were written
// to, and all that it has grown. It takes about ten microseconds a megabyte. Where it cannot be known it is the
// memory's length.
func (m *Memory) Measure() uint64 {
	if !m.atHome() {
		return uint64(len(m.buf))
	}
	private := len(m.buf) - m.base
	if m.region.visit(m.base, func(r Range) bool { private += r.To - r.From; return true }) != nil {
		return uint64(len(m.buf))
	}
	return uint64(private)
}

// atHome reports whether the content is in the region, which it leaves when it grows out of it.
func (m *Memory) atHome() bool {
	whole := m.region.bytes()
	return len(m.buf) > 0 && len(whole) > 0 && &m.buf[0] == &whole[0]
}

// Allocate implements experimental.MemoryAllocator for the one instantiation that the memory serves. A second one is a
// mistake of the caller that would let two instances share bytes: it panics.
func (m *Memory) Allocate(_, max uint64) experimental.LinearMemory {
	if m.state&(spent|closed) != 0 {
		panic("image: a memory serves one instantiation")
	}
	m.state |= lent | spent
	m.limit = min(m.limit, max)
	return m
}

// Reallocate implements experimental.LinearMemory: it is called with the module's minimum, to which a memory made from
// an image is no smaller, and by memory.grow. It returns nil to refuse.
func (m *Memory) Reallocate(size uint64) []byte {
	if m.state&shrink != 0 {
		m.state &^= shrink
		m.buf = m.home()
		return m.buf
	}
	from := uint64(len(m.buf))
	if size <= from && m.buf != nil {
		return m.buf
	}
	if size > m.limit {
		return nil
	}
	if m.buf == nil {
		m.base = int(size)
	} else if m.grow != nil && !m.grow(from, size) {
		return nil
	}
	if whole := m.region.bytes(); size <= uint64(len(whole)) {
		m.buf = whole[:size:size]
		m.used = int(size)
		return m.buf
	}
	m.buf = enlarge(m.buf, int(size), int(m.limit))
	return m.buf
}

// Free implements experimental.LinearMemory: wazero has closed the module.
func (m *Memory) Free() {
	if m.state&lent == 0 {
		return
	}
	m.state &^= lent
	if m.state&closed != 0 {
		_ = m.dispose()
	}
}

// Close gives the memory up. Its bytes go when wazero has freed them too.
func (m *Memory) Close() error {
	if m.state&closed != 0 {
		return ErrClosed
	}
	m.state |= closed
	if m.state&lent != 0 {
		return nil
	}
	return m.dispose()
}

// Reset makes the memory the image again, in content and length. No call into the module may be going on, and nobody may
// keep a slice of the memory: growth is undone, and what was grown reads differently afterwards.
//
// view is the module's own memory (mod.Memory()), needed if the guest grew it: wazero has no way to shrink a memory, but
// takes any length when a growth of one page is asked for and answered. This needs a page above the present length in the
// module's declared maximum. A guest that filled that maximum has to go (ErrGrown), unless the module that wazero compiled
// declares one page more than Config.Max, which Memory holds against the guest.
//
// After any error the memory and its instance must not be used again, only closed. There is no half-way: Reset has
// either restored everything or failed.
func (m *Memory) Reset(view View) error {
	switch {
	case m.img == nil:
		return ErrNoImage
	case m.state&closed != 0:
		return ErrClosed
	case m.state&spoiled != 0:
		return ErrSpoiled
	}
	grown := len(m.buf)
	if grown > m.base {
		if err := m.shrink(view); err != nil {
			return err
		}
	}
	used := m.used
	m.used = 0
	private, err := m.region.restore(used)
	if err != nil {
		m.state |= spoiled
		return fmt.Errorf("%w: %w", ErrSpoiled, err)
	}
	m.setPrivate(private)
	if m.grow != nil && grown > m.base {
		m.grow(uint64(grown), uint64(m.base))
	}
	return nil
}

// Trim gives back to the system what a memory holds for itself although it equals the image. It is for memories that wait
// in a pool: only between a Reset and the next use. The content stays; the next use pays page faults.
func (m *Memory) Trim() error {
	switch {
	case m.img == nil:
		return ErrNoImage
	case m.state&closed != 0:
		return ErrClosed
	case m.state&spoiled != 0:
		return ErrSpoiled
	}
	private, err := m.region.trim()
	if err != nil {
		m.state |= spoiled
		return fmt.Errorf("%w: %w", ErrSpoiled, err)
	}
	m.setPrivate(private)
	return nil
}

// home returns what a fresh memory consists of.
func (m *Memory) home() []byte {
	return m.region.bytes()[:m.base:m.base]
}

// shrink makes the module's view of a grown memory as long as the image.
func (m *Memory) shrink(view View) error {
	if m.state&lent == 0 {
		m.buf = m.home()
		return nil
	}
	m.state |= shrink
	ok := false
	if view != nil {
		_, ok = view.Grow(1)
	}
	if !ok || m.state&shrink != 0 || uint64(view.Size()) != uint64(m.base) {
		m.state = m.state&^shrink | spoiled
		return fmt.Errorf("%w: %d bytes, from %d", ErrGrown, len(m.buf), m.base)
	}
	return nil
}

// setPrivate records what the memory holds for itself.
func (m *Memory) setPrivate(n int) {
	if n != m.private {
		m.img.private.Add(int64(n - m.private))
		m.private = n
	}
}

// dispose gives everything back. Neither wazero nor the owner has the memory any more.
func (m *Memory) dispose() error {
	size := len(m.buf)
	m.buf = nil
	if m.grow != nil && size > m.base {
		m.grow(uint64(size), uint64(m.base))
	}
	if m.img == nil {
		m.region = nil
		return nil
	}
	err := m.region.release()
	m.setPrivate(0)
	m.count.Add(-1)
	if e := m.img.release(); err == nil {
		err = e
	}
	return err
}
