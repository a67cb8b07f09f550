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

func TestDamagedEntriesAreNotUsed(t *testing.T) {
	dir := t.TempDir()
	os.Chmod(dir, 0o700)
	c := open(t, dir)
	k, other := Key{1}, Key{2}
	for name, damage := range map[string]func(b []byte) []byte{
		"a bit of the content": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"a bit of the code":    func(b []byte) []byte { b[len(magic)] ^= 1; return b },
		"truncated":            func(b []byte) []byte { return b[:len(b)-1] },
		"header only":          func([]byte) []byte { return []byte(magic) },
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
