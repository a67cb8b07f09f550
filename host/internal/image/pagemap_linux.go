//go:build amd64 || arm64

package image

import (
	"fmt"
	"os"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// scratch is what a search for pages needs besides the memory. The kernel writes into it by address, so it lives on the
// heap, where things do not move.
type scratch struct {
	entries [512]uint64 // pagemap: one for each page
	scan    scanArg
	ranges  [64]scanRange
	runs    [64]Range
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// pagemap reads /proc/self/pagemap, 8 bytes for each page of the address space.
type pagemap struct{ fd int }

const (
	entryPresent = 1 << 63
	entrySwapped = 1 << 62
	entryFile    = 1 << 61 // a page of the file, or of shared memory: not private
)

func openPagemap() (*pagemap, error) {
	fd, err := unix.Open("/proc/self/pagemap", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: "/proc/self/pagemap", Err: err}
	}
	return &pagemap{fd}, nil
}

func (p *pagemap) close() error { return os.NewSyscallError("close", unix.Close(p.fd)) }

// private finds pages of mem, from offset at on, that are no longer the file's. It returns runs of them, valid until the
// scratch is used again, and how far it looked.
func (p *pagemap) private(s *scratch, mem []byte, at int) (found []Range, next int, err error) {
	n := min((len(mem)-at)/osPage, len(s.entries))
	buf := unsafe.Slice((*byte)(unsafe.Pointer(&s.entries)), 8*n)
	page := uintptr(unsafe.Pointer(&mem[at])) / uintptr(osPage)
	got, _, errno := unix.RawSyscall6(unix.SYS_PREAD64, uintptr(p.fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)),
		page*8, 0, 0)
	if errno != 0 {
		return nil, 0, os.NewSyscallError("pread pagemap", errno)
	}
	if int(got) != len(buf) {
		return nil, 0, fmt.Errorf("pread pagemap: %d of %d bytes", got, len(buf))
	}
	runs := 0
	for i, e := range s.entries[:n] {
		if e&(entryPresent|entrySwapped) == 0 || e&entryFile != 0 {
			continue
		}
		start := at + i*osPage
		switch {
		case runs > 0 && s.runs[runs-1].To == start:
			s.runs[runs-1].To += osPage
		case runs == len(s.runs):
			return s.runs[:runs], start, nil
		default:
			s.runs[runs] = Range{start, start + osPage}
			runs++
		}
	}
	return s.runs[:runs], at + n*osPage, nil
}
