package host

import (
	"bytes"
	"encoding/binary"
	"io"
	"io/fs"
	"os"

	"github.com/wasmnet/wasmnet/abi"
)

// wasiFileTypes are WASI's numbers for what a file is.
const (
	wasiCharacterDevice = 2
	wasiDirectory       = 3
	wasiRegularFile     = 4
	wasiSymbolicLink    = 7
)

// wasiNonBlocking is the flag of a descriptor whose operations do not wait.
const wasiNonBlocking = 4

var newline = []byte{'\n'}

// fileImports are the functions of WASI on descriptors and paths. Parameters are i for 32 bits, l for 64. They work
// with the system's files, so they cost.
var fileImports = []struct {
	name, params string
	call         func(i *instance, s []uint64) errno
}{
	{"fd_prestat_get", "ii", prestat},
	{"fd_prestat_dir_name", "iii", prestatName},
	{"fd_close", "i", closeFile},
	{"fd_fdstat_get", "ii", fdStat},
	{"fd_fdstat_set_flags", "ii", onOpen(nil)},
	{"fd_filestat_get", "ii", fileStat},
	{"fd_filestat_set_size", "il", onWritable(func(f *file, s []uint64) error { return f.f.Truncate(int64(s[1])) })},
	{"fd_sync", "i", onWritable(func(f *file, _ []uint64) error { return f.f.Sync() })},
	{"fd_datasync", "i", onWritable(func(f *file, _ []uint64) error { return f.f.Sync() })},
	{"fd_read", "iiii", readFile},
	{"fd_pread", "iiili", preadFile},
	{"fd_write", "iiii", writeFile},
	{"fd_pwrite", "iiili", pwriteFile},
	{"fd_seek", "ilii", seekFile},
	{"fd_tell", "ii", func(i *instance, s []uint64) errno { return seekFile(i, []uint64{s[0], 0, io.SeekCurrent, s[1]}) }},
	{"fd_readdir", "iiili", readDirectory},
	{"path_open", "iiiiillii", openPath},
	{"path_filestat_get", "iiiii", pathStat},
	{"path_readlink", "iiiiii", readLink},
	{"path_create_directory", "iii", onPath(func(r *os.Root, name string) error { return r.Mkdir(name, 0o755) })},
	{"path_remove_directory", "iii", onPath(removeDirectory)},
	{"path_unlink_file", "iii", onPath(unlinkFile)},
	{"path_rename", "iiiiii", renamePath},
}

// addFileImports adds fileImports to all.
func addFileImports(all map[string]*hostFunc) {
	for _, f := range fileImports {
		all[f.name] = wasiFunc(f.name, costSystem, f.params, func(i *instance, s []uint64) { s[0] = uint64(f.call(i, s)) })
	}
	all["fd_write"].cost = costIO // mostly a line for the log
}

// onOpen makes a function of any descriptor that is open. f may be nil.
func onOpen(f func(*file, []uint64) error) func(*instance, []uint64) errno {
	return func(i *instance, s []uint64) errno {
		if uint32(s[0]) <= 2 {
			return wasiOK
		}
		x, e := i.files.get(int32(s[0]))
		if e == wasiOK && f != nil {
			e = errnoOf(f(x, s))
		}
		return e
	}
}

// onWritable makes a function of an open file on a mount that may be written.
func onWritable(f func(*file, []uint64) error) func(*instance, []uint64) errno {
	return func(i *instance, s []uint64) errno {
		x, e := i.files.get(int32(s[0]))
		switch {
		case e != wasiOK:
			return e
		case !x.mount.Writable:
			return wasiROFS
		case x.dir:
			return wasiIsDir
		}
		return errnoOf(f(x, s))
	}
}

func prestat(i *instance, s []uint64) errno {
	n := int(int32(s[0])) - firstMount
	b := i.view(s[1], 8)
	if n < 0 || n >= len(i.files.mounts) {
		return wasiBadF
	}
	clear(b)
	binary.LittleEndian.PutUint32(b[4:], uint32(len(i.files.mounts[n].Guest)))
	return wasiOK
}

func prestatName(i *instance, s []uint64) errno {
	n := int(int32(s[0])) - firstMount
	b := i.view(s[1], s[2])
	switch {
	case n < 0 || n >= len(i.files.mounts):
		return wasiBadF
	case len(b) < len(i.files.mounts[n].Guest):
		return wasiInval
	}
	copy(b, i.files.mounts[n].Guest)
	return wasiOK
}

func closeFile(i *instance, s []uint64) errno {
	fd := int32(s[0])
	if fd >= 0 && fd <= 2 {
		return wasiOK
	}
	return i.files.remove(fd)
}

func fdStat(i *instance, s []uint64) errno {
	b := i.view(s[1], 24)
	kind, rights := byte(wasiCharacterDevice), uint64(rightRead|rightWrite)
	clear(b)
	switch fd := int32(s[0]); {
	case fd == abi.WaitDescriptor:
		binary.LittleEndian.PutUint16(b[2:], wasiNonBlocking)
	case uint32(fd) > 2:
		f, e := i.files.get(fd)
		if e != wasiOK {
			return e
		}
		kind, rights = wasiRegularFile, ^uint64(0)
		if f.dir {
			kind = wasiDirectory
		}
		if !f.mount.Writable {
			rights &^= rightWrite
		}
	}
	b[0] = kind
	binary.LittleEndian.PutUint64(b[8:], rights)
	binary.LittleEndian.PutUint64(b[16:], rights)
	return wasiOK
}

func fileStat(i *instance, s []uint64) errno {
	b := i.view(s[1], 64)
	if uint32(s[0]) <= 2 {
		clear(b)
		b[16] = wasiCharacterDevice
		return wasiOK
	}
	f, e := i.files.get(int32(s[0]))
	if e != wasiOK {
		return e
	}
	info, err := f.stat()
	if err != nil {
		return errnoOf(err)
	}
	putStat(b, info)
	return wasiOK
}

// putStat writes what WASI calls a filestat. Devices and i-nodes stay the host's business.
func putStat(b []byte, info fs.FileInfo) {
	clear(b)
	b[16] = fileType(info.Mode())
	binary.LittleEndian.PutUint64(b[24:], 1)
	binary.LittleEndian.PutUint64(b[32:], uint64(info.Size()))
	for _, at := range []int{40, 48, 56} {
		binary.LittleEndian.PutUint64(b[at:], uint64(info.ModTime().UnixNano()))
	}
}

func fileType(m fs.FileMode) byte {
	switch {
	case m.IsDir():
		return wasiDirectory
	case m.IsRegular():
		return wasiRegularFile
	case m&fs.ModeSymlink != 0:
		return wasiSymbolicLink
	}
	return 0
}

// vectors calls f for each piece of memory that a list of them names, until one is not filled, and writes the sum of
// its results.
func (i *instance) vectors(list, count, sum uint64, f func(p []byte) (int, error)) errno {
	if uint32(count) > maxVectors {
		return wasiInval
	}
	pieces, out := i.view(list, 8*uint64(uint32(count))), i.view(sum, 4)
	total := 0
	for ; len(pieces) > 0 && total < maxMoved; pieces = pieces[8:] {
		p := i.view(uint64(binary.LittleEndian.Uint32(pieces)), uint64(binary.LittleEndian.Uint32(pieces[4:])))
		p = p[:min(len(p), maxMoved-total)]
		i.chargeBytes(uint64(len(p)))
		n, err := f(p)
		total += n
		if err != nil && err != io.EOF {
			return errnoOf(err)
		}
		if n < len(p) {
			break
		}
	}
	binary.LittleEndian.PutUint32(out, uint32(total))
	return wasiOK
}

// regular is a file that can be read or written.
func (i *instance) regular(fd uint64) (*os.File, errno) {
	f, e := i.files.get(int32(fd))
	switch {
	case e != wasiOK:
		return nil, e
	case f.dir:
		return nil, wasiIsDir
	}
	return f.f, wasiOK
}

func readFile(i *instance, s []uint64) errno {
	if uint32(s[0]) == 0 {
		return i.vectors(s[1], s[2], s[3], func([]byte) (int, error) { return 0, io.EOF })
	}
	f, e := i.regular(s[0])
	if e != wasiOK {
		return e
	}
	return i.vectors(s[1], s[2], s[3], f.Read)
}

func preadFile(i *instance, s []uint64) errno {
	f, e := i.regular(s[0])
	if e != wasiOK {
		return e
	}
	at := int64(s[3])
	return i.vectors(s[1], s[2], s[4], func(p []byte) (int, error) {
		n, err := f.ReadAt(p, at)
		at += int64(n)
		return n, err
	})
}

func writeFile(i *instance, s []uint64) errno {
	if fd := uint32(s[0]); fd == 1 || fd == 2 {
		return i.vectors(s[1], s[2], s[3], func(p []byte) (int, error) {
			i.charge(int64(bytes.Count(p, newline)) * costCheap)
			return len(p), i.svc.output[fd-1].write(i, p)
		})
	}
	f, e := i.regular(s[0])
	if e != wasiOK {
		return e
	}
	return i.vectors(s[1], s[2], s[3], f.Write)
}

func pwriteFile(i *instance, s []uint64) errno {
	f, e := i.regular(s[0])
	if e != wasiOK {
		return e
	}
	at := int64(s[3])
	return i.vectors(s[1], s[2], s[4], func(p []byte) (int, error) {
		n, err := f.WriteAt(p, at)
		at += int64(n)
		return n, err
	})
}

func seekFile(i *instance, s []uint64) errno {
	out := i.view(s[3], 8)
	f, e := i.regular(s[0])
	if e != wasiOK {
		return e
	}
	if uint32(s[2]) > io.SeekEnd {
		return wasiInval
	}
	at, err := f.Seek(int64(s[1]), int(uint32(s[2])))
	if err != nil {
		return wasiInval
	}
	binary.LittleEndian.PutUint64(out, uint64(at))
	return wasiOK
}
