// Package folder is a directory as a file system, to be read from.
package folder

import (
	"io"
	"io/fs"
	"path"
	"syscall"
	"time"
)

// In a sandbox the host reads mounted files at once, and opens nothing that could wait. What package os does for each file
// besides, which is to ask whether it can be polled and to have the collector close it, costs more than the reading.

// FS is the directory that lies under the path.
func FS(root string) fs.FS { return directory(root) }

type directory string

// Open implements [fs.FS]. The file has to be closed, and is an [io.ReaderAt].
func (d directory) Open(name string) (fs.File, error) {
	place, err := d.place("open", name)
	if err != nil {
		return nil, err
	}
	fd, err := syscall.Open(place, syscall.O_RDONLY, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{fd: fd, name: name}, nil
}

// Stat implements [fs.StatFS].
func (d directory) Stat(name string) (fs.FileInfo, error) {
	place, err := d.place("stat", name)
	if err != nil {
		return nil, err
	}
	i := &info{name: path.Base(name)}
	if err := syscall.Stat(place, &i.sys); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: err}
	}
	return i, nil
}

func (d directory) place(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return string(d) + "/" + name, nil
}

// file is an open file.
type file struct {
	fd   int // -1 once it is closed
	name string
	at   int64 // where Read goes on
}

var (
	_ fs.StatFS   = directory("")
	_ io.ReaderAt = (*file)(nil)
)

// Stat implements [fs.File].
func (f *file) Stat() (fs.FileInfo, error) {
	i := &info{name: path.Base(f.name)}
	if err := syscall.Fstat(f.fd, &i.sys); err != nil {
		return nil, &fs.PathError{Op: "stat", Path: f.name, Err: err}
	}
	return i, nil
}

// Read implements [fs.File].
func (f *file) Read(p []byte) (int, error) {
	n, err := f.read(p, f.at)
	f.at += int64(n)
	return n, err
}

// ReadAt implements [io.ReaderAt].
func (f *file) ReadAt(p []byte, at int64) (int, error) {
	total := 0
	for total < len(p) {
		n, err := f.read(p[total:], at+int64(total))
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (f *file) read(p []byte, at int64) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := syscall.Pread(f.fd, p, at)
	switch {
	case err != nil:
		return 0, &fs.PathError{Op: "read", Path: f.name, Err: err}
	case n == 0:
		return 0, io.EOF
	}
	return n, nil
}

// Close implements [fs.File].
func (f *file) Close() error {
	if f.fd < 0 {
		return &fs.PathError{Op: "close", Path: f.name, Err: fs.ErrClosed}
	}
	err := syscall.Close(f.fd)
	f.fd = -1
	return err
}

// info is what the host says of a file.
type info struct {
	name string
	sys  syscall.Stat_t
}

func (i *info) Name() string       { return i.name }
func (i *info) Size() int64        { return int64(i.sys.Size) }
func (i *info) ModTime() time.Time { return time.Unix(0, int64(i.sys.Mtime)) }
func (i *info) IsDir() bool        { return i.sys.Filetype == syscall.FILETYPE_DIRECTORY }
func (i *info) Sys() any           { return &i.sys }

// Mode has the type of the file only: WASI knows no permissions.
func (i *info) Mode() fs.FileMode {
	switch i.sys.Filetype {
	case syscall.FILETYPE_REGULAR_FILE:
		return 0
	case syscall.FILETYPE_DIRECTORY:
		return fs.ModeDir
	case syscall.FILETYPE_SYMBOLIC_LINK:
		return fs.ModeSymlink
	}
	return fs.ModeIrregular
}
