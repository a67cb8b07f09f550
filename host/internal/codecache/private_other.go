//go:build !unix

package codecache

import "io/fs"

// Where files have no owner and mode of the UNIX kind, the user's own cache folder is private by its access list.

func private(string, fs.FileInfo) error { return nil }

func notForeign(string, fs.FileInfo) error { return nil }
