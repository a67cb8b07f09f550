//go:build !wasip1

// Package folder is a directory as a file system, to be read from.
package folder

import (
	"io/fs"
	"os"
)

// FS is the directory that lies under the path.
func FS(root string) fs.FS { return os.DirFS(root) }
