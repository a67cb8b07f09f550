//go:build linux

package main

import (
	"os"
	"path/filepath"
)

// site is a folder of static files.
type site struct {
	dir   string
	files map[string][]byte // by path below the root
}

// The files that every server of static files has.
const (
	smallFile = "/small.txt"
	largeFile = "/large.txt"
)

// newSite writes the files to a folder below dir, which is made.
func newSite(dir string) (site, error) {
	s := site{dir: filepath.Join(dir, "site"), files: map[string][]byte{smallFile: message(1 << 10), largeFile: message(64 << 10)}}
	if err := os.Mkdir(s.dir, 0o755); err != nil {
		return s, err
	}
	for name, content := range s.files {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o644); err != nil {
			return s, err
		}
	}
	return s, nil
}
