//go:build unix

package codecache

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// private demands that nobody else can read or write dir.
func private(dir string, info fs.FileInfo) error {
	if uid := owner(info); uid != os.Geteuid() {
		return fmt.Errorf("%s belongs to user %d, not to user %d: choose another directory", dir, uid, os.Geteuid())
	}
	if m := info.Mode().Perm(); m&0o077 != 0 {
		return fmt.Errorf("%s is open to others (mode %04o): chmod 700 it", dir, m)
	}
	return nil
}

// notForeign demands that nobody else can put another directory in the place of what lies in dir.
func notForeign(dir string, info fs.FileInfo) error {
	if uid := owner(info); uid != os.Geteuid() && uid != 0 {
		return fmt.Errorf("%s belongs to user %d, who could swap what lies in it: choose another directory", dir, uid)
	}
	if info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0 {
		return fmt.Errorf("%s can be written by others (mode %04o), who could swap what lies in it: choose another directory",
			dir, info.Mode().Perm())
	}
	return nil
}

func owner(info fs.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}
