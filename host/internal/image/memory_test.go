package image

import (
	"errors"
	"os"
	"testing"
)

func TestNewRefusesSizes(t *testing.T) {
	for _, tt := range []struct {
		name      string
		size      int
		max       uint64
		wantError bool
	}{
		{"empty", 0, 0, false},
		{"one page", PageSize, 0, false},
		{"half a page", PageSize / 2, 0, true},
		{"odd maximum", PageSize, PageSize + 1, true},
		{"maximum below the snapshot", 2 * PageSize, PageSize, true},
		{"maximum of 4 GiB", PageSize, 1 << 32, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			img, err := New(make([]byte, tt.size), Config{Max: tt.max})
			if tt.wantError {
				if !errors.Is(err, ErrSize) {
					t.Fatalf("error %v, want ErrSize", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m := newMemory(t, img, nil)
			mustEqual(t, m.Bytes(), make([]byte, tt.size))
			if err := img.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A memory's bytes stay until wazero has freed and the owner has closed it, in whichever order.
func TestMemoryIsHeldTwice(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pattern(PageSize), Config{Strategy: s})
		live := func() int64 { st := img.Stats(); return st.Mapped + st.Copied }
		for name, steps := range map[string][2]func(*Memory) error{
			"free first":  {free, (*Memory).Close},
			"close first": {(*Memory).Close, free},
		} {
			m, err := img.NewMemory(nil)
			if err != nil {
				t.Fatal(err)
			}
			seen := m.Allocate(0, MaxSize).Reallocate(PageSize)
			if err := steps[0](m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			mustEqual(t, seen, pattern(PageSize))
			if live() != 1 {
				t.Fatalf("%s: %d memories after the first step, want 1", name, live())
			}
			if err := steps[1](m); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if live() != 0 {
				t.Fatalf("%s: %d memories after the second step, want 0", name, live())
			}
			m.Free()
			for what, err := range map[string]error{"Close": m.Close(), "Reset": m.Reset(nil), "Trim": m.Trim()} {
				if !errors.Is(err, ErrClosed) {
					t.Errorf("%s: %s of a closed memory: %v", name, what, err)
				}
			}
		}
	})
}

func free(m *Memory) error { m.Free(); return nil }

// An image outlives its own Close as long as it has memories.
func TestImageClose(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		before := mappings.used.Load()
		img := newImage(t, pattern(PageSize), Config{Strategy: s})
		m := newMemory(t, img, nil)
		if err := img.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := img.NewMemory(nil); !errors.Is(err, ErrClosed) {
			t.Fatalf("memory of a closed image: %v", err)
		}
		if err := img.Close(); !errors.Is(err, ErrClosed) {
			t.Fatalf("second Close: %v", err)
		}
		m.Bytes()[0]++
		if err := m.Reset(nil); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, m.Bytes(), pattern(PageSize))
		m.Free()
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		if n := mappings.used.Load(); n != before {
			t.Fatalf("%d mappings, %d before", n, before)
		}
	})
}

func TestMemoryServesOneInstantiation(t *testing.T) {
	m := newMemory(t, newImage(t, pattern(PageSize), Config{}), nil)
	defer func() {
		if recover() == nil {
			t.Error("a second instantiation was served")
		}
	}()
	m.Allocate(0, MaxSize)
}

// A guest at its module's declared maximum cannot be shrunk, and the memory knows that it is of no use.
func TestResetAtDeclaredMaximum(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pattern(PageSize), Config{Strategy: s, Max: 3 * PageSize})
		m := newMemory(t, img, nil)
		v := module{m, 2}
		if _, ok := v.Grow(1); !ok {
			t.Fatal("refused to grow")
		}
		if err := m.Reset(v); !errors.Is(err, ErrGrown) {
			t.Fatalf("error %v, want ErrGrown", err)
		}
		if err := m.Reset(v); !errors.Is(err, ErrSpoiled) {
			t.Fatalf("error %v, want ErrSpoiled", err)
		}
		if err := m.Trim(); !errors.Is(err, ErrSpoiled) {
			t.Fatalf("error %v, want ErrSpoiled", err)
		}
	})
}

// Growth is asked for, refused growth leaves the memory alone, and what was granted is told back at the end.
func TestGrowIsAccounted(t *testing.T) {
	img := newImage(t, pattern(PageSize), Config{Max: 10 * PageSize})
	total := int64(0)
	grow := func(from, to uint64) bool {
		if to > 4*PageSize {
			return false
		}
		total += int64(to) - int64(from)
		return true
	}
	m := newMemory(t, img, grow)
	v := view(m)
	for _, step := range []struct {
		pages uint32
		ok    bool
		total int64
	}{{2, true, 2}, {2, false, 2}, {1, true, 3}, {0, true, 3}, {1, false, 3}} {
		if _, ok := v.Grow(step.pages); ok != step.ok || total != step.total*PageSize {
			t.Fatalf("growing by %d: %v, total %d; want %v, %d pages", step.pages, ok, total, step.ok, step.total)
		}
	}
	m.Free()
	if total != 3*PageSize {
		t.Fatalf("total %d before the owner closed", total)
	}
	if err := m.Close(); err != nil || total != 0 {
		t.Fatalf("error %v, total %d at the end", err, total)
	}
}

// Start-up: from nothing to a snapshot, growing on the way without copying at each step.
func TestStartup(t *testing.T) {
	const most = 300 * PageSize
	m := NewStartup(most, nil)
	if b := m.Allocate(0, MaxSize).Reallocate(PageSize); len(b) != PageSize {
		t.Fatalf("%d bytes at first", len(b))
	}
	m.Bytes()[PageSize-1] = 7
	v, moved, last := view(m), 0, &m.Bytes()[0]
	for m.Bytes()[len(m.Bytes())-1] = 1; ; m.Bytes()[len(m.Bytes())-1] = 1 {
		if _, ok := v.Grow(1); !ok {
			break
		}
		if now := &m.Bytes()[0]; now != last {
			moved, last = moved+1, now
		}
	}
	if len(m.Bytes()) != most || moved > 30 {
		t.Fatalf("grew to %d of %d bytes, moving %d times", len(m.Bytes()), most, moved)
	}
	if err := m.Reset(v); !errors.Is(err, ErrNoImage) {
		t.Fatalf("Reset: %v", err)
	}
	img := newImage(t, m.Bytes(), Config{})
	fresh := newMemory(t, img, nil)
	mustEqual(t, fresh.Bytes(), m.Bytes())
	m.Free()
	if err := m.Close(); err != nil || m.Bytes() != nil {
		t.Fatalf("error %v, %d bytes after the end", err, len(m.Bytes()))
	}
}

// Measure counts what was written, as far as the strategy can tell, and all of what was grown.
func TestMeasure(t *testing.T) {
	const size = 4 * PageSize
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pattern(size), Config{Strategy: s, Max: 8 * PageSize})
		m := newMemory(t, img, nil)
		check := func(what string, length, written uint64) {
			t.Helper()
			want := length
			if s == Scan || s == Track {
				want = written
			}
			if got := m.Measure(); got != want {
				t.Errorf("%s: %d bytes, want %d", what, got, want)
			}
		}
		check("fresh", size, 0)
		page := uint64(os.Getpagesize())
		for _, at := range []uint64{0, 3 * page, size - 1} {
			m.Bytes()[at]++
		}
		check("three pages written", size, 3*page)
		m.Reallocate(size + PageSize)[size]++
		check("grown", size+PageSize, 3*page+PageSize)
	})
}
