//go:build amd64 || arm64

package image

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// tracker has the kernel note which pages are written: a userfaultfd in asynchronous write-protect mode clears a
// page's mark at the first write by itself, and PAGEMAP_SCAN finds the pages without one. It looks at the page table only,
// where reading the pagemap looks at every page that is present.
type tracker struct {
	fd    int
	pages *pagemap
}

// From linux/userfaultfd.h.
const (
	uffdAPI             = 0xaa
	uffdUserModeOnly    = 1
	uffdWriteProtect    = 1 << 1  // UFFDIO_REGISTER_MODE_WP
	uffdSetProtect      = 1 << 0  // UFFDIO_WRITEPROTECT_MODE_WP
	uffdFeatureWPAsync  = 1 << 15 // UFFD_FEATURE_WP_ASYNC
	ioctlUffdAPI        = 0xc018aa3f
	ioctlUffdRegister   = 0xc020aa00
	ioctlUffdUnregister = 0x8010aa01
	ioctlUffdProtect    = 0xc018aa06
)

type uffdAPIArg struct{ api, features, ioctls uint64 }

type uffdRegisterArg struct{ start, length, mode, ioctls uint64 }

type uffdRangeArg struct{ start, length uint64 }

type uffdProtectArg struct{ start, length, mode uint64 }

// From linux/fs.h: struct pm_scan_arg, struct page_region.
const (
	ioctlPagemapScan = 0xc0606610
	pageIsWritten    = 1 << 1
)

type scanArg struct {
	size, flags, start, end, walkEnd, vec, vecLen, maxPages   uint64
	categoryInverted, categoryMask, categoryAnyOf, returnMask uint64
}

type scanRange struct{ start, end, _ uint64 }

func newTracker(pages *pagemap) (*tracker, error) {
	fd, _, errno := unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|unix.O_NONBLOCK|uffdUserModeOnly, 0, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("userfaultfd", errno)
	}
	t := &tracker{fd: int(fd), pages: pages}
	arg := uffdAPIArg{api: uffdAPI, features: uffdFeatureWPAsync}
	if err := t.ioctl("UFFDIO_API", ioctlUffdAPI, unsafe.Pointer(&arg)); err != nil {
		_ = t.close()
		return nil, err
	}
	return t, nil
}

func (t *tracker) close() error { return os.NewSyscallError("close", unix.Close(t.fd)) }

// register begins to watch a whole mapping. Nothing of it is protected yet.
func (t *tracker) register(mem []byte) error {
	arg := uffdRegisterArg{start: address(mem), length: uint64(len(mem)), mode: uffdWriteProtect}
	return t.ioctl("UFFDIO_REGISTER", ioctlUffdRegister, unsafe.Pointer(&arg))
}

// unregister ends the watch and takes the protection away.
func (t *tracker) unregister(mem []byte) error {
	arg := uffdRangeArg{start: address(mem), length: uint64(len(mem))}
	return t.ioctl("UFFDIO_UNREGISTER", ioctlUffdUnregister, unsafe.Pointer(&arg))
}

// protect marks pages of a registered mapping, present or not, as not written.
func (t *tracker) protect(pages []byte) error {
	arg := uffdProtectArg{start: address(pages), length: uint64(len(pages)), mode: uffdSetProtect}
	return t.ioctl("UFFDIO_WRITEPROTECT", ioctlUffdProtect, unsafe.Pointer(&arg))
}

func (t *tracker) ioctl(name string, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(t.fd), request, uintptr(arg)); errno != 0 {
		return os.NewSyscallError("ioctl "+name, errno)
	}
	return nil
}

// written finds pages of mem, from offset at on, that are not marked. It returns runs of them, valid until the scratch
// is used again, and how far it looked.
func (t *tracker) written(s *scratch, mem []byte, at int) (found []Range, next int, err error) {
	base := address(mem)
	s.scan = scanArg{
		start:        base + uint64(at),
		end:          base + uint64(len(mem)),
		vec:          uint64(uintptr(unsafe.Pointer(&s.ranges))),
		vecLen:       uint64(len(s.ranges)),
		categoryMask: pageIsWritten,
		returnMask:   pageIsWritten,
	}
	s.scan.size = uint64(unsafe.Sizeof(s.scan))
	n, _, errno := unix.RawSyscall(unix.SYS_IOCTL, uintptr(t.pages.fd), ioctlPagemapScan, uintptr(unsafe.Pointer(&s.scan)))
	if errno != 0 {
		return nil, 0, os.NewSyscallError("ioctl PAGEMAP_SCAN", errno)
	}
	if s.scan.walkEnd <= s.scan.start || s.scan.walkEnd > s.scan.end || int(n) > len(s.ranges) {
		return nil, 0, fmt.Errorf("ioctl PAGEMAP_SCAN: walk ended at %#x, from %#x", s.scan.walkEnd, s.scan.start)
	}
	for i, r := range s.ranges[:n] {
		s.runs[i] = Range{int(r.start - base), int(r.end - base)}
	}
	return s.runs[:n], int(s.scan.walkEnd - base), nil
}

func address(mem []byte) uint64 { return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(mem)))) }
