package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

// reload saves m, resets it, and loads it again, which must leave it as it was.
func reload(t *testing.T, m *Memory, v View) {
	t.Helper()
	want := bytes.Clone(m.Bytes())
	saved, ok := m.Save(nil, Range{}, 2*len(want))
	if !ok {
		t.Fatal("not saved")
	}
	mustEqual(t, m.Bytes(), want)
	if err := m.Reset(v); err != nil {
		t.Fatal(err)
	}
	if err := m.Load(v, saved); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, m.Bytes(), want)
}

// What a memory holds besides the image goes into another memory, byte for byte, and nothing else does.
func TestSaveAndLoad(t *testing.T) {
	const size = 5 * PageSize
	pristine := pattern(size)
	writes := []struct {
		name  string
		write func(b []byte)
		most  int // bytes it may take
	}{
		{"nothing", func([]byte) {}, 1},
		{"first byte", func(b []byte) { b[0]++ }, 4},
		{"last byte", func(b []byte) { b[len(b)-1]++ }, 6},
		{"the same again", func(b []byte) { copy(b, pristine) }, 1},
		{"a byte in each of ten pages", func(b []byte) {
			for i := range 10 {
				b[i*5*block+i*7]++
			}
		}, 61},
		{"bytes two apart", func(b []byte) {
			for i := range 10 {
				b[2*block+3*i]++
			}
		}, 33},
		{"bytes four apart, some in one word", func(b []byte) {
			for i := range 10 {
				b[2*block+5*i]++
			}
		}, 40},
		{"a run across pages and chunks", func(b []byte) {
			for i := range 9000 {
				b[3*block-17+i] ^= 0xff
			}
		}, 9007},
		{"all", func(b []byte) {
			for i := range b {
				b[i] = ^b[i]
			}
		}, size + 6},
	}
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pristine, Config{Strategy: s})
		a, b := newMemory(t, img, nil), newMemory(t, img, nil)
		for range 3 { // the strategies find pages in other ways after a reset
			for _, w := range writes {
				w.write(a.Bytes())
				saved, ok := a.Save([]byte("kept"), Range{}, 2*size)
				if !ok || string(saved[:4]) != "kept" {
					t.Fatalf("%s: not saved", w.name)
				}
				if saved = saved[4:]; len(saved) > w.most {
					t.Errorf("%s: %d bytes, want %d at most", w.name, len(saved), w.most)
				}
				if err := b.Load(nil, saved); err != nil {
					t.Fatalf("%s: %v", w.name, err)
				}
				mustEqual(t, b.Bytes(), a.Bytes())
				for _, m := range []*Memory{a, b} {
					if err := m.Reset(nil); err != nil {
						t.Fatal(err)
					}
					mustEqual(t, m.Bytes(), pristine)
				}
			}
		}
	})
}

// Growth is saved and asked for again; a memory that may not grow as far is no place for it.
func TestSaveGrown(t *testing.T) {
	const size, most = 2 * PageSize, 9 * PageSize
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pattern(size), Config{Strategy: s, Max: most})
		m, other := newMemory(t, img, nil), newMemory(t, img, nil)
		v := view(m)
		v.Grow(3)
		v.Grow(1)
		m.Bytes()[size]++
		m.Bytes()[len(m.Bytes())-1] = 9
		want := bytes.Clone(m.Bytes())
		saved, ok := m.Save(nil, Range{}, 100)
		if !ok {
			if s != Copy { // grown copies have moved to where the image's part is not known
				t.Fatal("not saved")
			}
			return
		}
		if err := m.Reset(v); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := other.Load(view(other), saved); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, other.Bytes(), want)
			reload(t, other, view(other))
			if err := other.Reset(view(other)); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, other.Bytes(), pattern(size))
		}
		if err := m.Load(module{m, size/PageSize + 3}, saved); !errors.Is(err, ErrSize) {
			t.Errorf("four pages where there is room for three: %v", err)
		}
	})
}

// A part that is skipped is the image's after loading, to the byte but for words at its ends.
func TestSaveSkips(t *testing.T) {
	const size = 3 * PageSize
	pristine := pattern(size)
	for _, skip := range []Range{{0, 0}, {0, size}, {100, 50_000}, {block, 2 * block}, {101, 109}, {size - 100, size}, {7, 9}, {1, 2 * size}} {
		t.Run(fmt.Sprint(skip), func(t *testing.T) {
			img := newImage(t, pristine, Config{})
			m := newMemory(t, img, nil)
			for i := range m.Bytes() {
				m.Bytes()[i] ^= 0xff
			}
			saved, ok := m.Save(nil, skip, 2*size)
			if !ok {
				t.Fatal("not saved")
			}
			if err := m.Reset(nil); err != nil {
				t.Fatal(err)
			}
			if err := m.Load(nil, saved); err != nil {
				t.Fatal(err)
			}
			for i, b := range m.Bytes() {
				inside := i >= skip.From && i < skip.To
				edge := inside && (i < skip.From+7 || i >= min(skip.To, size)-7)
				if !edge && (b == pristine[i]) != inside {
					t.Fatalf("byte %d: skipped %v, loaded %v", i, inside, b != pristine[i])
				}
			}
		})
	}
}

// What is too much is not saved, and stays.
func TestSaveRefuses(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, pattern(6<<20), Config{Strategy: s})
		m := newMemory(t, img, nil)
		m.Bytes()[5]++
		_, ok := m.Save(nil, Range{}, 100)
		if looked := s == Copy || s == Drop; ok == looked {
			t.Errorf("saved: %v, of more than is looked at: %v", ok, looked)
		}
		for i := range 200 {
			m.Bytes()[i] ^= 0xff
		}
		want := bytes.Clone(m.Bytes())
		if _, ok := m.Save(nil, Range{}, 100); ok {
			t.Error("200 bytes were saved in 100")
		}
		for i := range 20 << 4 {
			m.Bytes()[i*16<<10]++
			want[i*16<<10]++
		}
		if _, ok := m.Save(nil, Range{}, 100); ok {
			t.Error("many bytes were saved in 100")
		}
		mustEqual(t, m.Bytes(), want)
		if err := m.Reset(nil); err != nil {
			t.Fatal(err)
		}
	})
	m := NewStartup(PageSize, nil)
	if _, ok := m.Save(nil, Range{}, 100); ok {
		t.Error("a start-up memory was saved")
	}
	if err := m.Load(nil, []byte{0}); !errors.Is(err, ErrNoImage) {
		t.Errorf("Load into a start-up memory: %v", err)
	}
	closed := newMemory(t, newImage(t, pattern(PageSize), Config{}), nil)
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok := closed.Save(nil, Range{}, 100); ok {
		t.Error("a closed memory was saved")
	}
	if err := closed.Load(nil, []byte{0}); !errors.Is(err, ErrClosed) {
		t.Errorf("Load into a closed memory: %v", err)
	}
}

// A compiled guest goes on where it was, on another instance, growth included.
func TestGuestIsSaved(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		snapshot := pattern(2 * PageSize)
		img := newImage(t, snapshot, Config{Strategy: s, Max: 7 * PageSize})
		var guests [2]*instance
		for n := range guests {
			m, err := img.NewMemory(nil)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			guests[n] = instantiate(t, m)
		}
		from, to := guests[0], guests[1]
		for round := range uint64(4) {
			from.want(0, "poke", 70_000, round)
			saved, ok := from.mem.Save(nil, Range{}, 1000)
			if !ok {
				t.Fatal("not saved")
			}
			if err := from.mem.Reset(from.mod.Memory()); err != nil {
				t.Fatal(err)
			}
			from.want(uint64(snapshot[70_000]), "peek", 70_000)
			if err := to.mem.Load(to.mod.Memory(), saved); err != nil {
				t.Fatal(err)
			}
			to.want(round, "peek", 70_000)
			if s != Copy {
				if round > 0 {
					to.want(round-1, "peek", 2*PageSize+5)
				}
				to.want(2+round, "grow", 1)
				to.want(0, "poke", 2*PageSize+5, round)
			}
			from, to = to, from
		}
	})
}

// FuzzLoad: whatever the bytes, nothing outside of the memory is touched, and a reset makes it fresh.
func FuzzLoad(f *testing.F) {
	for _, saved := range [][]byte{{}, {0}, {0, 5, 1, 9}, {1, 0, 1, 7}, {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1},
		{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, {0, 0x80, 0x80, 8, 0}, {200, 1}} {
		f.Add(saved)
	}
	const size, most = PageSize, 3 * PageSize
	pristine := pattern(size)
	f.Fuzz(func(t *testing.T, saved []byte) {
		m := newMemory(t, newImage(t, pristine, Config{Strategy: Copy, Max: most}), nil)
		err := m.Load(view(m), saved)
		if err != nil && !errors.Is(err, ErrSaved) && !errors.Is(err, ErrSize) {
			t.Fatal(err)
		}
		if n := len(m.Bytes()); n < size || n > most {
			t.Fatalf("%d bytes", n)
		}
		if err == nil {
			pages, _ := binary.Uvarint(saved)
			if uint64(len(m.Bytes())) != size+pages*PageSize {
				t.Fatalf("%d bytes after growing by %d pages", len(m.Bytes()), pages)
			}
		}
		if err := m.Reset(view(m)); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, m.Bytes(), pristine)
	})
}

// BenchmarkSave is what an instance that goes quiet costs, and then comes back, beside the recycling of its module.
func BenchmarkSave(b *testing.B) {
	for _, s := range available(b) {
		for _, pages := range []int{1, 20, 100} {
			img := newImage(b, pattern(3<<20), Config{Strategy: s})
			m := newMemory(b, img, nil)
			for range 3 {
				soil(m.Bytes(), pages)
				if err := m.Reset(nil); err != nil {
					b.Fatal(err)
				}
			}
			soil(m.Bytes(), pages)
			saved, _ := m.Save(nil, Range{}, 1<<20)
			b.Run(fmt.Sprintf("%v/%d/save", s, pages), func(b *testing.B) {
				for b.Loop() {
					var ok bool
					if saved, ok = m.Save(saved[:0], Range{}, 1<<20); !ok {
						b.Fatal("not saved")
					}
				}
				b.ReportMetric(float64(len(saved)), "B")
			})
			b.Run(fmt.Sprintf("%v/%d/load", s, pages), func(b *testing.B) {
				for b.Loop() {
					if err := m.Load(nil, saved); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
