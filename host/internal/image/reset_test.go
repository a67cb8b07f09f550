package image

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
)

// A secret written anywhere is gone after Reset, byte for byte, however much was written and however often.
func TestResetLeavesNothing(t *testing.T) {
	const size = 5 * PageSize
	want := pattern(size)
	fill := func(from, step int) func([]byte) {
		return func(b []byte) {
			for i := from; i < len(b); i += step {
				b[i] = ^b[i]
			}
		}
	}
	writes := []struct {
		name  string
		write func(b []byte)
	}{
		{"nothing", func([]byte) {}},
		{"first byte", func(b []byte) { b[0]++ }},
		{"last byte", func(b []byte) { b[len(b)-1]++ }},
		{"first byte of each page", fill(0, block)},
		{"last byte of each page", fill(block-1, block)},
		{"every other page", fill(block, 2*block)},
		{"all", fill(0, 1)},
		{"zeros over all", func(b []byte) { clear(b) }},
		{"the same again", func(b []byte) { copy(b, want) }},
		{"two pages", func(b []byte) { b[7*block]++; b[8*block]++ }},
	}
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, want, Config{Strategy: s})
		m, other := newMemory(t, img, nil), newMemory(t, img, nil)
		for round := range 3 {
			for _, w := range writes {
				w.write(m.Bytes())
				mustEqual(t, other.Bytes(), want)
				if err := m.Reset(nil); err != nil {
					t.Fatalf("round %d, %s: %v", round, w.name, err)
				}
				mustEqual(t, m.Bytes(), want)
			}
		}
	})
}

// More runs of pages than one search returns, over more pages than one read of the pagemap covers.
func TestResetManyRuns(t *testing.T) {
	const size = 9 << 20
	want := pattern(size)
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, want, Config{Strategy: s})
		m := newMemory(t, img, nil)
		for round := range 4 {
			b := m.Bytes()
			for at := round % 2 * block; at < size; at += 2 * block {
				b[at+at/block%block]++
			}
			if err := m.Reset(nil); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, m.Bytes(), want)
		}
	})
}

// What was grown is dropped, in place and when the memory moved to the heap, and reads as zeros when grown again.
func TestResetUndoesGrowth(t *testing.T) {
	const size, most = 2 * PageSize, 64 * PageSize
	want := pattern(size)
	grown := append(bytes.Clone(want), make([]byte, most-size)...)
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, want, Config{Strategy: s, Max: most})
		var told []string
		m := newMemory(t, img, func(from, to uint64) bool {
			told = append(told, fmt.Sprintf("%d>%d", from/PageSize, to/PageSize))
			return true
		})
		v := view(m)
		for range 3 {
			told = nil
			for _, pages := range []uint32{1, 5, 0, 56} {
				if _, ok := v.Grow(pages); !ok {
					t.Fatal("refused to grow")
				}
			}
			mustEqual(t, m.Bytes(), grown)
			for i := range m.Bytes() {
				m.Bytes()[i] = 0xa5
			}
			if _, ok := v.Grow(1); ok {
				t.Fatal("grew beyond the maximum")
			}
			if err := m.Reset(v); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, m.Bytes(), want)
			if got := fmt.Sprint(told); got != "[2>3 3>8 8>64 64>2]" {
				t.Fatalf("told %v", got)
			}
		}
	})
}

// Recycling makes no garbage.
func TestResetDoesNotAllocate(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		m := newMemory(t, newImage(t, pattern(4*PageSize), Config{Strategy: s, Max: 8 * PageSize}), nil)
		v := view(m)
		n := testing.AllocsPerRun(100, func() {
			m.Bytes()[PageSize]++
			if err := m.Reset(v); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("%v allocations a reset", n)
		}
	})
}

// Several goroutines, each with memories of its own from one image, never see each other's bytes.
func TestResetConcurrently(t *testing.T) {
	const size = 6 * PageSize
	want := pattern(size)
	each(t, func(t *testing.T, s Strategy) {
		img := newImage(t, want, Config{Strategy: s, Max: 2 * size})
		var wg sync.WaitGroup
		for g := range 4 {
			wg.Go(func() {
				if err := hammer(img, want, byte(g+1)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if st := img.Stats(); st.Mapped+st.Copied != 0 || st.Private != 0 {
			t.Fatalf("left over: %+v", st)
		}
	})
}

// hammer makes, soils, resets and closes memories of img and returns an error if one is ever not want when fresh.
func hammer(img *Image, want []byte, secret byte) error {
	rng := rand.New(rand.NewPCG(uint64(secret), 1))
	for range 5 {
		m, err := img.NewMemory(nil)
		if err != nil {
			return err
		}
		m.Allocate(0, MaxSize).Reallocate(0)
		v := view(m)
		for range 20 {
			if !bytes.Equal(m.Bytes(), want) {
				return fmt.Errorf("memory of goroutine %d is not fresh", secret)
			}
			if rng.IntN(4) == 0 {
				v.Grow(1 + rng.Uint32N(3))
			}
			b := m.Bytes()
			for range rng.IntN(40) {
				b[rng.IntN(len(b))] = secret
			}
			if err := m.Reset(v); err != nil {
				return err
			}
		}
		m.Free()
		if err := m.Close(); err != nil {
			return err
		}
	}
	return nil
}

// FuzzMemory runs a sequence of operations on a memory of each strategy and on a plain slice, which must agree.
func FuzzMemory(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3})
	f.Add([]byte{0, 200, 1, 0, 3, 3, 0, 17, 2, 4, 3, 4, 4, 1, 90, 3})
	f.Add(bytes.Repeat([]byte{1, 9, 5, 77, 3}, 30))
	f.Add([]byte{1, 9, 6, 2, 6, 0, 200, 6, 3, 6, 5, 6, 2, 2, 6})
	const size, most = 3 * PageSize, 9 * PageSize
	image := pattern(size)
	strategies := available(f)
	f.Fuzz(func(t *testing.T, ops []byte) {
		for _, s := range strategies {
			img := newImage(t, image, Config{Strategy: s, Max: most})
			m := newMemory(t, img, nil)
			v := view(m)
			model := bytes.Clone(image)
			for i := 0; i < len(ops); i++ {
				switch op := ops[i]; op % 7 {
				case 0, 1: // write at a place that the next byte chooses
					at := 0
					if i++; i < len(ops) {
						at = int(ops[i]) * 769
					}
					at %= len(model)
					m.Bytes()[at] ^= op | 1
					model[at] ^= op | 1
				case 2:
					if _, ok := v.Grow(1); ok != (len(model) < most) {
						t.Fatalf("%v: growing from %d: %v", s, len(model), ok)
					} else if ok {
						model = append(model, make([]byte, PageSize)...)
					}
				case 3, 4:
					if err := m.Reset(v); err != nil {
						t.Fatalf("%v: %v", s, err)
					}
					model = append(model[:0], image...)
					if op%7 == 4 {
						if err := m.Trim(); err != nil {
							t.Fatalf("%v: %v", s, err)
						}
					}
				case 5: // write all
					for j := range model {
						model[j] ^= op
						m.Bytes()[j] ^= op
					}
				case 6: // another module takes its place, as far as that can be
					if saved, ok := m.Save(nil, Range{}, 2*most); ok {
						if err := m.Reset(v); err != nil {
							t.Fatalf("%v: %v", s, err)
						}
						mustEqual(t, m.Bytes(), image)
						if err := m.Load(v, saved); err != nil {
							t.Fatalf("%v: %v", s, err)
						}
					}
				}
				mustEqual(t, m.Bytes(), model)
			}
		}
	})
}
