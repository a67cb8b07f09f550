package codecache

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Cache {
	t.Helper()
	c, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestStoreAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cache")
	k := Key{1}
	if err := open(t, dir).Store(k, "name", []byte("content")); err != nil {
		t.Fatal(err)
	}
	name, content, ok, err := open(t, dir).Load(k) // as another process would
	if err != nil || !ok || name != "name" || string(content) != "content" {
		t.Fatalf("Load: %q, %q, %v, %v", name, content, ok, err)
	}
	if _, _, ok, err := open(t, dir).Load(Key{2}); ok || err != nil {
		t.Fatalf("Load of what is not there: %v, %v", ok, err)
	}
}

// What is lent can be read like a file of the content, and stays what it was.
func TestLend(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "cache"))
	dir := t.TempDir()
	content := bytes.Repeat([]byte("content "), 1<<14)
	k := Key{1}
	if err := c.Store(k, "sub/name", content); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Lend(Key{2}, dir); ok || err != nil {
		t.Fatalf("Lend of what is not there: %v, %v", ok, err)
	}
	giveBack, ok, err := c.Lend(k, dir)
	if !ok || err != nil {
		t.Fatalf("Lend: %v, %v", ok, err)
	}
	entry, err := os.OpenFile(filepath.Join(c.Dir(), k.file()), os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	entry.Close()
	got, err := os.ReadFile(filepath.Join(dir, "sub/name"))
	if err != nil || !bytes.HasPrefix(got, content) {
		t.Errorf("%d bytes are lent, which do not begin with the content: %v", len(got), err)
	}
	giveBack()
	if _, err := os.Lstat(filepath.Join(dir, "sub/name")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was given back is still there: %v", err)
	}
	if _, ok, err := c.Lend(k, dir); ok || !errors.Is(err, ErrDamaged) {
		t.Errorf("Lend of a damaged entry: %v, %v", ok, err)
	}
}

// Where there are no files in memory, an entry is held on the heap.
func TestHeldOnTheHeap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "entry")
	if err := os.WriteFile(path, []byte("content and more"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h, err := holdOnHeap(f)
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := h.place(path+"2", len("content")); err != nil || string(h.bytes()) != "content and more" {
		t.Fatalf("place: %v; held: %q", err, h.bytes())
	}
	if got, err := os.ReadFile(path + "2"); err != nil || string(got) != "content" {
		t.Errorf("placed: %q, %v", got, err)
	}
}

func TestDamagedEntriesAreNotUsed(t *testing.T) {
	dir := t.TempDir()
	os.Chmod(dir, 0o700)
	c := open(t, dir)
	k, other := Key{1}, Key{2}
	for name, damage := range map[string]func(b []byte) []byte{
		"a bit of the content": func(b []byte) []byte { b[0] ^= 1; return b },
		"a bit of the code":    func(b []byte) []byte { b[len(b)-len(magic)-1] ^= 1; return b },
		"truncated":            func(b []byte) []byte { return b[:len(b)-1] },
		"without its head":     func(b []byte) []byte { return b[1:] },
		"magic only":           func([]byte) []byte { return []byte(magic) },
		"empty":                func([]byte) []byte { return nil },
		"longer":               func(b []byte) []byte { return append(b, 0) },
		"another module's": func([]byte) []byte {
			if err := c.Store(other, "n", []byte("other code")); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(dir, other.file()))
			if err != nil {
				t.Fatal(err)
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Store(k, "n", []byte("code")); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, k.file())
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, _, ok, err := c.Load(k); ok || !errors.Is(err, ErrDamaged) {
				t.Fatalf("Load: %v, %v", ok, err)
			}
			if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the damaged entry is still there: %v", err)
			}
		})
	}
}

func TestAnEntryOfAnotherDirectoryIsNotUsed(t *testing.T) {
	mine, theirs := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "c")
	k := Key{7}
	if err := open(t, theirs).Store(k, "n", []byte("evil")); err != nil {
		t.Fatal(err)
	}
	c := open(t, mine)
	b, err := os.ReadFile(filepath.Join(theirs, k.file()))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, k.file()), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := c.Load(k); ok || !errors.Is(err, ErrDamaged) {
		t.Fatalf("Load: %v, %v", ok, err)
	}
}

func TestTrimRemovesTheOldest(t *testing.T) {
	c := open(t, filepath.Join(t.TempDir(), "c"))
	for i := range 3 {
		if err := c.Store(Key{byte(i)}, "n", bytes.Repeat([]byte{1}, 1000)); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(1000+i), 0)
		if err := c.root.Chtimes(Key{byte(i)}.file(), at, at); err != nil {
			t.Fatal(err)
		}
	}
	c.trim(2500)
	for i, want := range []bool{false, true, true} {
		if _, _, ok, _ := c.Load(Key{byte(i)}); ok != want {
			t.Errorf("entry %d there: %v, want %v", i, ok, want)
		}
	}
}
