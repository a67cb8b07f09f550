package host

import (
	"encoding/binary"
	"io/fs"
	"os"
)

// maxPath is the longest path a guest may pass.
const maxPath = 4 * kib

// path reads a descriptor and a path that is relative to it.
func (i *instance) path(fd, ptr, n uint64) (*file, string, errno) {
	name, fits := i.text(ptr, n, maxPath)
	f, e := i.files.get(int32(fd))
	switch {
	case e != wasiOK:
		return nil, "", e
	case !fits || name == "":
		return nil, "", wasiInval
	}
	return f, name, wasiOK
}

func openPath(i *instance, s []uint64) errno {
	out := i.view(s[8], 4)
	f, name, e := i.path(s[0], s[2], s[3])
	if e != wasiOK {
		return e
	}
	if int64(len(i.files.open)+i.counted) >= i.svc.limits.Handles {
		i.svc.breach(i, i.account, "handles")
		return wasiMFile
	}
	opened, e := f.openFile(name, uint32(s[4]), s[5], uint32(s[7]))
	if e != wasiOK {
		return e
	}
	binary.LittleEndian.PutUint32(out, uint32(i.files.add(opened)))
	return wasiOK
}

func pathStat(i *instance, s []uint64) errno {
	const follow = 1
	out := i.view(s[4], 64)
	f, name, e := i.path(s[0], s[2], s[3])
	if e != wasiOK {
		return e
	}
	root, name, e := f.at(name)
	if e != wasiOK {
		return e
	}
	stat := root.Lstat
	if s[1]&follow != 0 {
		stat = root.Stat
	}
	info, err := stat(name)
	if err != nil {
		return errnoOf(err)
	}
	putStat(out, info)
	return wasiOK
}

func readLink(i *instance, s []uint64) errno {
	to, out := i.view(s[3], s[4]), i.view(s[5], 4)
	f, name, e := i.path(s[0], s[1], s[2])
	if e != wasiOK {
		return e
	}
	root, name, e := f.at(name)
	if e != wasiOK {
		return e
	}
	target, err := root.Readlink(name)
	if err != nil {
		return errnoOf(err)
	}
	binary.LittleEndian.PutUint32(out, uint32(copy(to, target)))
	return wasiOK
}

// onPath makes a function that changes what is at a path.
func onPath(change func(r *os.Root, name string) error) func(*instance, []uint64) errno {
	return func(i *instance, s []uint64) errno {
		f, name, e := i.path(s[0], s[1], s[2])
		if e != wasiOK {
			return e
		}
		root, name, e := f.at(name)
		switch {
		case e != wasiOK:
			return e
		case !f.mount.Writable:
			return wasiROFS
		}
		return errnoOf(change(root, name))
	}
}

func removeDirectory(r *os.Root, name string) error {
	info, err := r.Lstat(name)
	if err == nil && !info.IsDir() {
		return wasiNotDir
	}
	if err != nil {
		return err
	}
	return r.Remove(name)
}

func unlinkFile(r *os.Root, name string) error {
	info, err := r.Lstat(name)
	if err == nil && info.IsDir() {
		return wasiIsDir
	}
	if err != nil {
		return err
	}
	return r.Remove(name)
}

func renamePath(i *instance, s []uint64) errno {
	from, old, e := i.path(s[0], s[1], s[2])
	if e != wasiOK {
		return e
	}
	to, name, e := i.path(s[3], s[4], s[5])
	if e != wasiOK {
		return e
	}
	root, old, e := from.at(old)
	if e != wasiOK {
		return e
	}
	other, name, e := to.at(name)
	switch {
	case e != wasiOK:
		return e
	case root != other:
		return wasiNotCapable
	case !from.mount.Writable:
		return wasiROFS
	}
	return errnoOf(root.Rename(old, name))
}

// readDirectory writes entries from the cookie on: a header of 24 bytes and the name each. The last one may be cut off,
// which tells the guest that there are more.
func readDirectory(i *instance, s []uint64) errno {
	to, out := i.view(s[1], s[2]), i.view(s[4], 4)
	f, e := i.files.get(int32(s[0]))
	if e != wasiOK {
		return e
	}
	cookie := s[3]
	list, err := f.entries(cookie == 0)
	if err != nil {
		return errnoOf(err)
	}
	used := 0
	for n := cookie; n < uint64(len(list)) && used < len(to); n++ {
		entry := direntry(n+1, list[n])
		i.charge(costCheap)
		used += copy(to[used:], entry)
	}
	binary.LittleEndian.PutUint32(out, uint32(used))
	return wasiOK
}

func direntry(next uint64, e fs.DirEntry) []byte {
	b := make([]byte, 24, 24+len(e.Name()))
	binary.LittleEndian.PutUint64(b, next)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(e.Name())))
	b[20] = fileType(e.Type())
	return append(b, e.Name()...)
}
