package image

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// PageSize is the unit of a linear memory's length: a WebAssembly page, in bytes.
const PageSize = 64 << 10

// MaxSize is the largest length of a memory in bytes: one page less than 4 GiB, so that it fits 32 bits.
const MaxSize = 1<<32 - PageSize

// Errors of this package. Those that carry figures wrap one of them.
var (
	// ErrClosed: the image or memory was closed.
	ErrClosed = errors.New("image: closed")
	// ErrSize: a size is not a whole number of WebAssembly pages, or above the allowed.
	ErrSize = errors.New("image: invalid size")
	// ErrStrategy: the platform does not offer the strategy that was asked for.
	ErrStrategy = errors.New("image: strategy not available")
	// ErrGrown: the memory grew and its module cannot be made to see the former length; see [Memory.Reset].
	ErrGrown = errors.New("image: memory grew to its module's maximum")
	// ErrSpoiled: an earlier reset failed, so that the content is unknown. The memory can only be closed.
	ErrSpoiled = errors.New("image: memory was not restored")
	// ErrNoImage: a start-up memory has no image to be reset to.
	ErrNoImage = errors.New("image: start-up memory has no image")
)

// GrowFunc is asked before a memory's length rises from one number of bytes to another; false refuses, and the guest's
// memory.grow returns -1. It is also told when growth is undone (to < from; the result is ignored), in Reset and when the
// memory's bytes are given back. The length that a memory begins with is not reported: the caller knows it. Called on the
// goroutine that runs the guest, resets or closes.
type GrowFunc func(from, to uint64) bool

// Config says how the memories of an image behave.
type Config struct {
	// Max is the length in bytes to which a memory may grow, a multiple of PageSize. 0: the image's length.
	Max uint64
	// Strategy is Auto, except in tests and benchmarks.
	Strategy Strategy
}

// Image is an immutable snapshot, and the source of memories that begin as its copies. Its methods may be called from
// any goroutine.
type Image struct {
	size     int
	max      uint64
	strategy Strategy
	pristine []byte // size bytes, read-only
	source   source // nil: memories are copies
	refs     atomic.Int64
	closed   atomic.Bool
	mapped   atomic.Int64
	copied   atomic.Int64
	private  atomic.Int64
}

// source is a platform's way to make memories that share the image's pages.
type source interface {
	// newRegion returns a region that begins as the image and reads as zeros after it, or errNoRoom.
	newRegion() (region, error)
	// close gives back what the source holds, the image's bytes included. All regions have been released.
	close() error
}

// region is the storage of one memory.
type region interface {
	// bytes returns all of it: the image's length at least, and room to grow in place.
	bytes() []byte
	// restore puts back the image and zeros up to used. It returns how many bytes at most are now not shared with the
	// image. After an error the content is unknown.
	restore(used int) (private int, err error)
	// trim gives up pages that hold nothing but the image. The content is the image before and after.
	trim() (private int, err error)
	// visit calls f with the runs of pages among the first n bytes that are not shared with the image, in order, until
	// it returns false.
	visit(n int, f func(Range) bool) error
	// release unmaps it.
	release() error
}

// Range is a part of a memory, in bytes from its beginning.
type Range struct{ From, To int }

// errNoRoom: a source cannot make another region now; a copy serves as well.
var errNoRoom = errors.New("image: no mapping to be had")

// New takes a copy of snapshot, whose length is a multiple of PageSize and at most MaxSize, as an image.
func New(snapshot []byte, cfg Config) (*Image, error) {
	size := uint64(len(snapshot))
	if cfg.Max == 0 {
		cfg.Max = size
	}
	switch {
	case size%PageSize != 0 || size > MaxSize:
		return nil, fmt.Errorf("%w: snapshot of %d bytes", ErrSize, size)
	case cfg.Max%PageSize != 0 || cfg.Max > MaxSize || cfg.Max < size:
		return nil, fmt.Errorf("%w: maximum of %d bytes for a snapshot of %d", ErrSize, cfg.Max, size)
	}
	img := &Image{size: len(snapshot), max: cfg.Max, strategy: Copy}
	img.refs.Store(1)
	if cfg.Strategy != Copy && size > 0 {
		if err := img.open(snapshot, cfg.Strategy); err != nil {
			return nil, err
		}
	}
	if img.source == nil {
		img.pristine = append(make([]byte, 0, size), snapshot...)
	}
	return img, nil
}

// NewMemory returns a memory that is the image. grow may be nil. Without room for another mapping the memory is a copy.
func (img *Image) NewMemory(grow GrowFunc) (*Memory, error) {
	if !img.acquire() {
		return nil, ErrClosed
	}
	m := &Memory{img: img, base: img.size, limit: img.max, grow: grow}
	if img.source != nil {
		r, err := img.source.newRegion()
		switch {
		case err == nil:
			m.region = r
			m.count = &img.mapped
		case !errors.Is(err, errNoRoom):
			img.release()
			return nil, err
		}
	}
	if m.region == nil {
		m.region = newCopied(img.pristine)
		m.count = &img.copied
		m.setPrivate(img.size)
	}
	m.count.Add(1)
	m.buf = m.home()
	return m, nil
}

// Size returns the length in bytes of the image, which is that of a memory when it is fresh.
func (img *Image) Size() uint64 { return uint64(img.size) }

// Strategy returns the strategy in use; never Auto.
func (img *Image) Strategy() Strategy { return img.strategy }

// Close gives the image up. What it occupies goes with the last of its memories; no new ones can be made.
func (img *Image) Close() error {
	if img.closed.Swap(true) {
		return ErrClosed
	}
	return img.release()
}

// Stats is a reading of an image's counters.
type Stats struct {
	Strategy Strategy
	Size     uint64 // bytes of the image
	Mapped   int64  // memories that are mappings
	Copied   int64  // memories that are copies
	Private  int64  // bytes that memories hold for themselves, as of each one's last reset
	Mappings int64  // mappings of the whole process made by this package
	Allowed  int64  // how many it may make
}

// Stats returns the image's counters; each is exact, together they are not of one instant.
func (img *Image) Stats() Stats {
	return Stats{
		Strategy: img.strategy,
		Size:     uint64(img.size),
		Mapped:   img.mapped.Load(),
		Copied:   img.copied.Load(),
		Private:  img.private.Load(),
		Mappings: mappings.used.Load(),
		Allowed:  mappings.allowed(),
	}
}

// acquire counts a user of the image in, unless the image was closed.
func (img *Image) acquire() bool {
	for {
		n := img.refs.Load()
		if n == 0 || img.closed.Load() {
			return false
		}
		if img.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release counts a user out. The last one closes the source.
func (img *Image) release() error {
	if img.refs.Add(-1) > 0 || img.source == nil {
		return nil
	}
	img.pristine = nil
	return img.source.close()
}
