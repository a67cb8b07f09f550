//go:build amd64 || arm64

package image

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// room is how much address space a memory takes at most, growth included; it costs nothing until it is touched. A
// memory that outgrows it moves to the heap until it is reset.
const room = 256 << 20

// An image of at most this many bytes is copied even where the strategy is to be had, because copying was measured to
// be as fast and needs no mapping.
const (
	copyRatherThanDrop = 256 << 10
	copyRatherThanScan = 64 << 10
)

// rather returns the strategy for an image of size bytes where s is the best that the platform offers.
func (s Strategy) rather(size int) Strategy {
	switch {
	case size == 0,
		s == Drop && size <= copyRatherThanDrop,
		s == Scan && size <= copyRatherThanScan:
		return Copy
	}
	return s
}

// mapped is an image as a sealed memfd, which memories map copy-on-write. The file is as long as a memory may grow in
// place: behind the image it is a hole that reads as zeros, so that a memory is one mapping and not two.
type mapped struct {
	size, reserve int
	strategy      Strategy
	fd            int
	pristine      []byte // shared read-only mapping
	pages         *pagemap
	tracker       *tracker // nil unless strategy is Track
	counts        bool     // writes show in faultCount
}

// open makes the image a memfd if the wanted strategy, or for Auto any that pays, works on this kernel.
func (img *Image) open(snapshot []byte, want Strategy) error {
	candidates := []Strategy{Track, Scan, Drop}
	if want != Auto {
		candidates = []Strategy{want}
	}
	var failed error
	for _, s := range candidates {
		if want == Auto && s.rather(len(snapshot)) == Copy {
			return nil
		}
		src, err := newMapped(snapshot, int(min(img.max, max(room, uint64(len(snapshot))))), s)
		if err == nil {
			if err = src.probe(); err == nil {
				img.source, img.strategy, img.pristine = src, s, src.pristine
				return nil
			}
			_ = src.close()
		}
		failed = errors.Join(failed, fmt.Errorf("%v: %w", s, err))
	}
	if want == Auto {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrStrategy, failed)
}

func newMapped(snapshot []byte, reserve int, s Strategy) (_ *mapped, err error) {
	src := &mapped{size: len(snapshot), reserve: reserve, strategy: s, fd: -1}
	defer func() {
		if err != nil {
			_ = src.close()
		}
	}()
	if src.fd, err = unix.MemfdCreate("wasmnet-image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING); err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	if err = unix.Ftruncate(src.fd, int64(reserve)); err != nil {
		return nil, os.NewSyscallError("ftruncate", err)
	}
	if err = src.fill(snapshot); err != nil {
		return nil, err
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err = unix.FcntlInt(uintptr(src.fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	if src.pristine, err = src.mmap(src.size, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		return nil, err
	}
	if s >= Scan {
		if src.pages, err = openPagemap(); err != nil {
			return nil, err
		}
	}
	if s == Track {
		src.tracker, err = newTracker(src.pages)
	}
	return src, err
}

// fill writes the snapshot into the file, leaving out what is zero.
func (src *mapped) fill(snapshot []byte) error {
	var zeros [block]byte
	blank := func(at int) bool { return string(snapshot[at:at+block]) == string(zeros[:]) }
	for at := 0; at < len(snapshot); {
		from := at
		for at < len(snapshot) && !blank(at) {
			at += block
		}
		if err := src.write(snapshot[from:at], from); err != nil {
			return err
		}
		for at < len(snapshot) && blank(at) {
			at += block
		}
	}
	return nil
}

// write writes b into the file, at an offset.
func (src *mapped) write(b []byte, at int) error {
	for len(b) > 0 {
		n, err := unix.Pwrite(src.fd, b, int64(at))
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			return os.NewSyscallError("pwrite", err)
		}
		b, at = b[n:], at+n
	}
	return nil
}

// mmap maps the file's beginning. errNoRoom: the process has enough mappings, or the kernel says so.
func (src *mapped) mmap(size, prot, flags int) ([]byte, error) {
	if !mappings.take() {
		return nil, errNoRoom
	}
	p, err := unix.MmapPtr(src.fd, 0, nil, uintptr(size), prot, flags|unix.MAP_NORESERVE)
	switch {
	case err == nil:
		return unsafe.Slice((*byte)(p), size), nil
	case errors.Is(err, unix.ENOMEM):
		err = errNoRoom
	}
	mappings.give()
	return nil, os.NewSyscallError("mmap", err)
}

func munmap(mem []byte) error {
	if err := unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(mem)), uintptr(len(mem))); err != nil {
		return os.NewSyscallError("munmap", err)
	}
	mappings.give()
	return nil
}

func (src *mapped) newRegion() (region, error) {
	mem, err := src.mmap(src.reserve, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	return &mapping{src: src, mem: mem, faults: unknown}, nil
}

func (src *mapped) close() error {
	var err error
	if src.tracker != nil {
		err = errors.Join(err, src.tracker.close())
	}
	if src.pages != nil {
		err = errors.Join(err, src.pages.close())
	}
	if src.pristine != nil {
		err = errors.Join(err, munmap(src.pristine))
		src.pristine = nil
	}
	if src.fd >= 0 {
		err = errors.Join(err, os.NewSyscallError("close", unix.Close(src.fd)))
		src.fd = -1
	}
	return err
}

// take reserves a mapping, if there is one.
func (b *budget) take() bool {
	if b.used.Add(1) <= b.allowed() {
		return true
	}
	b.used.Add(-1)
	return false
}

// give returns a mapping.
func (b *budget) give() { b.used.Add(-1) }

// mappingsAllowed is seven eighths of the kernel's limit for a process.
func mappingsAllowed() int64 {
	limit := int64(65530)
	if text, err := os.ReadFile("/proc/sys/vm/max_map_count"); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			limit = n
		}
	}
	return max(limit-limit/8, 1)
}
