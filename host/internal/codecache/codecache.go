// Package codecache keeps compiled machine code on disk between runs.
//
// Whoever can write such a file runs native code in the process that reads it, so the directory must belong to the
// user alone, and every entry carries an authentication code, under a key that is private to the directory, over its
// name and its content: an entry that was damaged, truncated, or renamed to another module's name is not used. Someone
// who can read that key is the user, or root.
package codecache

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
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
	magic   = "wasmnet code 2\n"
	suffix  = ".code"
	keyFile = "key"
	keySize = 32

	// MaxSize is what the entries may take together; the ones longest unused go first.
	MaxSize = 1 << 30
)

// ErrDamaged is wrapped by Load's error for an entry that is not what Store wrote. It has been removed.
var ErrDamaged = errors.New("entry is damaged or was swapped")

// Key names an entry: the hash of what was compiled.
type Key [sha256.Size]byte

func (k Key) file() string { return hex.EncodeToString(k[:]) + suffix }

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

// Load returns the name and the content stored under k. ok is false if there is none, or none that can be trusted;
// the error then says why.
func (c *Cache) Load(k Key) (name string, content []byte, ok bool, err error) {
	b, err := c.root.ReadFile(k.file())
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil, false, nil
	}
	if err != nil {
		return "", nil, false, fmt.Errorf("compile cache: %w", err)
	}
	name, content, ok = c.open(k, b)
	if !ok {
		c.root.Remove(k.file())
		return "", nil, false, fmt.Errorf("compile cache: %s: %w", filepath.Join(c.dir, k.file()), ErrDamaged)
	}
	now := time.Now()
	c.root.Chtimes(k.file(), now, now) // a failure only makes it look older than it is
	return name, content, true, nil
}

// newSeal returns what authenticates entries. It is AES-GCM of nothing but additional data, with a random nonce:
// several times as fast as an HMAC, which was a tenth of a program's start.
func newSeal(secret []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// An entry is: magic, code, key, length of the name in one byte, name, content. The code covers the key and all behind it.
// It is opened in place.
func (c *Cache) open(k Key, b []byte) (name string, content []byte, ok bool) {
	body := len(magic) + c.seal.Overhead()
	if len(b) < body+len(k)+1 || string(b[:len(magic)]) != magic || Key(b[body:body+len(k)]) != k {
		return "", nil, false
	}
	if _, err := c.seal.Open(nil, nil, b[len(magic):body], b[body:]); err != nil {
		return "", nil, false
	}
	b = b[body+len(k):]
	n := int(b[0])
	if len(b) < 1+n {
		return "", nil, false
	}
	return string(b[1 : 1+n]), b[1+n:], true
}

// Store writes an entry, whole or not at all. name is at most 255 bytes.
func (c *Cache) Store(k Key, name string, content []byte) error {
	if len(name) > 255 {
		return fmt.Errorf("compile cache: name of %d bytes", len(name))
	}
	body := make([]byte, 0, len(k)+1+len(name)+len(content))
	body = append(body, k[:]...)
	body = append(body, byte(len(name)))
	body = append(body, name...)
	body = append(body, content...)
	temporary := temporaryName()
	entry := slices.Concat([]byte(magic), c.seal.Seal(nil, nil, nil, body), body)
	err := c.root.WriteFile(temporary, entry, 0o600)
	if err == nil {
		err = c.root.Rename(temporary, k.file())
	}
	if err != nil {
		c.root.Remove(temporary)
		return fmt.Errorf("compile cache: %w", err)
	}
	c.trim(MaxSize)
	return nil
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
