package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// errno is a WASI error number; 0 is success.
type errno uint16

// Those that are used, by WASI's names.
const (
	wasiOK         errno = 0
	wasiAcces      errno = 2
	wasiBadF       errno = 8
	wasiExist      errno = 20
	wasiInval      errno = 28
	wasiIO         errno = 29
	wasiIsDir      errno = 31
	wasiMFile      errno = 33
	wasiNoEnt      errno = 44
	wasiNoSys      errno = 52
	wasiNotDir     errno = 54
	wasiNotEmpty   errno = 55
	wasiROFS       errno = 69
	wasiNotCapable errno = 76
)

var errnos = []struct {
	err   error
	errno errno
}{
	{fs.ErrNotExist, wasiNoEnt},
	{fs.ErrExist, wasiExist},
	{fs.ErrPermission, wasiAcces},
	{syscall.ENOTDIR, wasiNotDir},
	{syscall.EISDIR, wasiIsDir},
	{syscall.ENOTEMPTY, wasiNotEmpty},
	{syscall.EINVAL, wasiInval},
	{fs.ErrInvalid, wasiInval},
}

// errnoOf is the number of an error that this machine's files gave.
func errnoOf(err error) errno {
	if err == nil || err == io.EOF {
		return wasiOK
	}
	var n errno
	if errors.As(err, &n) {
		return n
	}
	for _, e := range errnos {
		if errors.Is(err, e.err) {
			return e.errno
		}
	}
	var p *fs.PathError
	if errors.As(err, &p) && p.Err.Error() == "path escapes from parent" {
		return wasiNotCapable
	}
	return wasiIO
}

func (e errno) Error() string { return "WASI error" }

// files are an instance's open files, by descriptor. Descriptors 0 to 2 are the standard streams; the mounted
// directories follow.
type files struct {
	mounts []mounted
	open   map[int32]*file
	next   int32
}

// A file is an open file, or a directory.
type file struct {
	mount *mounted
	name  string   // within the mount; "." is the directory itself
	f     *os.File // nil for a mounted directory that nothing was read from
	dir   bool
	list  []fs.DirEntry // of a directory that is being read
}

const firstMount = 3

// get returns what fd names.
func (t *files) get(fd int32) (*file, errno) {
	if f := t.open[fd]; f != nil {
		return f, wasiOK
	}
	if n := int(fd) - firstMount; n >= 0 && n < len(t.mounts) {
		return &file{mount: &t.mounts[n], name: ".", dir: true}, wasiOK
	}
	return nil, wasiBadF
}

// add gives f a descriptor.
func (t *files) add(f *file) int32 {
	if t.open == nil {
		t.open = map[int32]*file{}
		t.next = firstMount + int32(len(t.mounts))
	}
	fd := t.next
	for t.open[fd] != nil {
		fd++
	}
	t.open[fd] = f
	t.next = fd + 1
	return fd
}

func (t *files) remove(fd int32) errno {
	f := t.open[fd]
	if f == nil {
		return wasiBadF
	}
	delete(t.open, fd)
	t.next = min(t.next, fd)
	return errnoOf(f.f.Close())
}

// reset closes all files.
func (t *files) reset() {
	for _, f := range t.open {
		f.f.Close() // whoever cared for the error has called fd_close
	}
	t.open, t.next = nil, 0
}

// at is the place of a path that is relative to the directory f. os.Root keeps it from leading out of the mount.
func (f *file) at(name string) (*os.Root, string, errno) {
	if !f.dir {
		return nil, "", wasiNotDir
	}
	if name == "" || len(name) > 4*kib {
		return nil, "", wasiInval
	}
	return f.mount.root, path.Join(f.name, path.Clean(name)), wasiOK
}

// What path_open is asked for.
const (
	openCreate    = 1 << 0
	openDirectory = 1 << 1
	openExclusive = 1 << 2
	openTruncate  = 1 << 3

	rightRead  = 1 << 1
	rightWrite = 1 << 6

	flagAppend = 1 << 0
)

// openFlags are the bits of path_open and what they are here.
var openFlags = [...]struct {
	bit  uint32
	mode int
}{{openCreate, os.O_CREATE}, {openExclusive, os.O_EXCL}, {openTruncate, os.O_TRUNC}}

// openFile opens a regular file or a directory. Anything else could keep the loop waiting.
func (f *file) openFile(name string, how uint32, rights uint64, flags uint32) (*file, errno) {
	root, name, e := f.at(name)
	if e != wasiOK {
		return nil, e
	}
	mode := os.O_RDONLY
	if rights&rightWrite != 0 {
		mode = os.O_RDWR
		if rights&rightRead == 0 {
			mode = os.O_WRONLY
		}
	}
	changes := how&(openCreate|openTruncate) != 0 || mode != os.O_RDONLY
	if changes && !f.mount.Writable {
		return nil, wasiROFS
	}
	for _, flag := range openFlags {
		if how&flag.bit != 0 {
			mode |= flag.mode
		}
	}
	if flags&flagAppend != 0 {
		mode |= os.O_APPEND
	}
	info, err := root.Stat(name)
	switch {
	case err == nil && info.IsDir():
		mode = os.O_RDONLY
	case err == nil && how&openDirectory != 0:
		return nil, wasiNotDir
	case err == nil && !info.Mode().IsRegular():
		return nil, wasiAcces
	case err != nil && (!errors.Is(err, fs.ErrNotExist) || how&openCreate == 0):
		return nil, errnoOf(err)
	}
	opened, err := root.OpenFile(name, mode|openAtOnce, 0o644)
	if err != nil {
		return nil, errnoOf(err)
	}
	return &file{mount: f.mount, name: name, f: opened, dir: err == nil && info != nil && info.IsDir()}, wasiOK
}

// stat describes the file.
func (f *file) stat() (fs.FileInfo, error) {
	if f.f != nil {
		return f.f.Stat()
	}
	return f.mount.root.Stat(f.name)
}

// entries are what a directory holds, read once for each run through it.
func (f *file) entries(again bool) ([]fs.DirEntry, error) {
	if !f.dir {
		return nil, wasiNotDir
	}
	if f.list == nil || again {
		list, err := fs.ReadDir(f.mount.root.FS(), f.name)
		if err != nil {
			return nil, err
		}
		f.list = list
	}
	return f.list, nil
}
