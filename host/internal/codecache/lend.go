package codecache

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A holding is a copy of an entry that nobody else can change any more.
type holding interface {
	bytes() []byte
	// place makes path a file that begins with the first n bytes.
	place(path string, n int) error
	// close gives the copy up. What was placed leads nowhere from then on, if it did not become a file of its own.
	close()
}

// Lend makes the content stored under k a file in dir, under its name, which may be a path. Behind the content the file may
// have other bytes. What is found there is what was authenticated, even if the entry changes by now. ok is false if there is
// nothing under k, or nothing that can be trusted; the error then says why. The borrower calls giveBack, once, when the file
// has been read.
func (c *Cache) Lend(k Key, dir string) (giveBack func(), ok bool, err error) {
	f, err := c.root.Open(k.file())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("compile cache: %w", err)
	}
	defer f.Close()
	h, err := hold(f)
	if err != nil {
		return nil, false, fmt.Errorf("compile cache: %w", err)
	}
	name, content, ok := c.open(k, h.bytes())
	if !ok {
		h.close()
		return nil, false, c.damaged(k)
	}
	path := filepath.Join(dir, name)
	if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = h.place(path, len(content))
	}
	if err != nil {
		h.close()
		return nil, false, fmt.Errorf("compile cache: %w", err)
	}
	c.touch(k)
	return func() {
		os.Remove(path)
		go h.close() // takes milliseconds that a start-up need not wait for
	}, true, nil
}

// held is an entry on the heap.
type held []byte

func (h held) bytes() []byte { return h }

func (h held) place(path string, n int) error { return os.WriteFile(path, h[:n], 0o600) }

func (h held) close() {}

func holdOnHeap(f *os.File) (holding, error) {
	b, err := io.ReadAll(f)
	return held(b), err
}
