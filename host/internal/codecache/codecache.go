// Package codecache keeps compiled machine code on disk between runs.
//
// Whoever can write such a file runs native code in the process that reads it, so the directory must belong to the
// user alone, and every entry carries an authentication code, under a key that is private to the directory, over its
// name and its content: an entry that was damaged, truncated, or renamed to another module's name is not used. Someone
// who can read that key is the user, or root.
package codecache

import (
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	suffix  = ".code"
	keyFile = "key"
	keySize = 32

	// MaxSize is what the entries may take together; the ones longest unused go first.
	MaxSize = 1 << 30
)

// ErrDamaged is wrapped by Load's error for an entry that is not what Store wrote. It has been removed.
var ErrDamaged = errors.New("entry is damaged or was swapped")

// Cache is an open directory. Its methods may be used by several goroutines and processes.
type Cache struct {
	root *os.Root
	dir  string
	seal cipher.AEAD
}

// Open opens dir, and makes it if it does not exist. The error says what is wrong with its owner or permissions, or that it
// is a symbolic link: whoever may change a link may swap what it leads to.
func Open(dir string) (*Cache, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	c := &Cache{root: root, dir: dir}
	if err := c.check(); err != nil {
		root.Close()
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	secret, err := c.loadSecret()
	if err == nil {
		c.seal, err = newSeal(secret)
	}
	if err != nil {
		root.Close()
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	return c, nil
}

// Close lets go of the directory.
func (c *Cache) Close() error { return c.root.Close() }

// Dir is the directory.
func (c *Cache) Dir() string { return c.dir }

func (c *Cache) check() error {
	info, err := c.root.Stat(".")
	if err != nil {
		return err
	}
	here, err := os.Lstat(c.dir)
	switch {
	case err != nil:
		return err
	case here.Mode()&fs.ModeSymlink != 0:
		return fmt.Errorf("%s is a symbolic link: name the directory that it leads to", c.dir)
	case !os.SameFile(info, here):
		return fmt.Errorf("%s is being swapped: choose another directory", c.dir)
	}
	if err := private(c.dir, info); err != nil {
		return err
	}
	// The way to it by name, and the one that the links on it make of that.
	real, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		return err
	}
	if err := safeWay(c.dir); err != nil || real == c.dir {
		return err
	}
	return safeWay(real)
}

// safeWay demands that nobody else can put another directory in the place of dir, or of one that it lies in.
func safeWay(dir string) error {
	for d := filepath.Dir(dir); ; d = filepath.Dir(d) {
		info, err := os.Stat(d)
		if err != nil {
			return err
		}
		if err := notForeign(d, info); err != nil {
			return err
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

// loadSecret reads the directory's key, or makes one. Two processes that make one at the same time agree, because a
// link is made only by one of them.
func (c *Cache) loadSecret() ([]byte, error) {
	for range 2 {
		secret, err := c.root.ReadFile(keyFile)
		if err == nil && len(secret) == keySize {
			return secret, nil
		}
		if err == nil {
			err = c.root.Remove(keyFile)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		secret = make([]byte, keySize)
		rand.Read(secret)
		temporary := temporaryName()
		if err := c.root.WriteFile(temporary, secret, 0o600); err != nil {
			return nil, err
		}
		err = c.root.Link(temporary, keyFile)
		c.root.Remove(temporary)
		if err == nil {
			return secret, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%s: cannot be read as a key of %d bytes", filepath.Join(c.dir, keyFile), keySize)
}

// trim removes what was longest unused, and what a process that died left behind.
func (c *Cache) trim(most int64) {
	list, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return
	}
	var entries []fs.FileInfo
	var size int64
	for _, e := range list {
		info, err := e.Info()
		switch {
		case err != nil || e.Name() == keyFile:
		case strings.HasSuffix(e.Name(), suffix):
			entries = append(entries, info)
			size += info.Size()
		case time.Since(info.ModTime()) > time.Hour:
			c.root.RemoveAll(e.Name())
		}
	}
	slices.SortFunc(entries, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, e := range entries {
		if size <= most {
			return
		}
		if c.root.Remove(e.Name()) == nil {
			size -= e.Size()
		}
	}
}

func temporaryName() string { return "tmp-" + rand.Text() }

// TempDir makes a directory inside the cache's, for files that must lie there in the open for a moment. The caller
// removes it; one that is forgotten goes after an hour.
func (c *Cache) TempDir() (string, error) {
	dir, err := os.MkdirTemp(c.dir, "work-")
	if err != nil {
		return "", fmt.Errorf("compile cache: %w", err)
	}
	return dir, nil
}
