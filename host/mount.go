package host

import (
	"fmt"
	"os"
	"path"
	"strings"
)

// A Mount is a directory of this machine that a guest sees under a path of its own. What lies in it is all that the
// guest reaches: links that lead out of it are not followed. Files are read and written on the event loop, so a mount
// should be on a local disk.
type Mount struct {
	Dir      string // here
	Guest    string // there, absolute
	Writable bool
}

// ParseMount reads "DIR:PATH" or "DIR:PATH:rw".
func ParseMount(s string) (Mount, error) {
	m := Mount{}
	rest, writable := strings.CutSuffix(s, ":rw")
	m.Writable = writable
	i := strings.LastIndexByte(rest, ':')
	if i <= 0 || i+1 == len(rest) {
		return m, fmt.Errorf("mount %q: want DIR:PATH or DIR:PATH:rw", s)
	}
	m.Dir, m.Guest = rest[:i], rest[i+1:]
	if m.Guest[0] != '/' || path.Clean(m.Guest) != m.Guest {
		return m, fmt.Errorf("mount %q: %q: want an absolute path without dot components", s, m.Guest)
	}
	return m, nil
}

// String is the form ParseMount reads.
func (m Mount) String() string {
	if m.Writable {
		return m.Dir + ":" + m.Guest + ":rw"
	}
	return m.Dir + ":" + m.Guest
}

// A mounted directory is open for as long as the service is.
type mounted struct {
	Mount
	root *os.Root
}

// openMounts opens the directories that are granted.
func openMounts(mounts []Mount) ([]mounted, error) {
	var all []mounted
	for _, m := range mounts {
		root, err := os.OpenRoot(m.Dir)
		if err != nil {
			closeMounts(all)
			return nil, fmt.Errorf("mount %s: %w", m, err)
		}
		all = append(all, mounted{m, root})
	}
	return all, nil
}

func closeMounts(all []mounted) {
	for _, m := range all {
		m.root.Close() // it was read from only
	}
}
