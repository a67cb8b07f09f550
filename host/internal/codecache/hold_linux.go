package codecache

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// memfd is an entry in a sealed file in memory, which takes half the time of a copy on the heap and a file made of that.
type memfd struct {
	file *os.File
	mem  []byte
}

// hold copies the entry to memory, on the heap if there is no other way.
func hold(f *os.File) (holding, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	m, err := newMemfd(f, info.Size())
	if err == nil {
		return m, nil
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, err
	}
	return holdOnHeap(f)
}

func newMemfd(f *os.File, size int64) (_ *memfd, err error) {
	fd, err := unix.MemfdCreate("wasmnet-code", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	m := &memfd{file: os.NewFile(uintptr(fd), "memfd:wasmnet-code")}
	defer func() {
		if err != nil {
			m.close()
		}
	}()
	for at := int64(0); at < size; {
		n, err := unix.Sendfile(fd, int(f.Fd()), nil, int(size-at))
		if err != nil {
			return nil, os.NewSyscallError("sendfile", err)
		}
		if n == 0 {
			break
		}
		at += int64(n)
	}
	const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL
	if _, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, seals); err != nil {
		return nil, os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	info, err := m.file.Stat()
	if err != nil || info.Size() == 0 {
		return m, err
	}
	if m.mem, err = unix.Mmap(fd, 0, int(info.Size()), unix.PROT_READ, unix.MAP_SHARED|unix.MAP_POPULATE); err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return m, nil
}

func (m *memfd) bytes() []byte { return m.mem }

// place makes path a link to the file, which is opened by its descriptor's name; where that does not work, a copy.
func (m *memfd) place(path string, n int) error {
	if err := os.Symlink(fmt.Sprintf("/proc/self/fd/%d", m.file.Fd()), path); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return held(m.mem).place(path, n)
}

func (m *memfd) close() {
	if m.mem != nil {
		_ = unix.Munmap(m.mem) // nothing can be done, and nothing depends on it
	}
	m.file.Close()
}
