//go:build amd64 || arm64

package image

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What was written is put back whether the count of faults tells of it or there is none to go by.
func TestResetWithAndWithoutFaultCount(t *testing.T) {
	want := pattern(8 * PageSize)
	for _, s := range []Strategy{Scan, Track} {
		if !slices.Contains(available(t), s) {
			continue
		}
		for _, counts := range []bool{false, true} {
			img := newImage(t, want, Config{Strategy: s})
			src := img.source.(*mapped)
			if !src.counts {
				t.Fatalf("%v: writes do not show in the count of faults", s)
			}
			src.counts = counts
			m := newMemory(t, img, nil)
			random := rand.New(rand.NewPCG(1, 2))
			for round := range 300 {
				// Mostly pages that were written before, now and then others, and at times very many.
				pages := 1 + round%4
				if round%100 == 99 {
					pages = 2 * mostKnown
				}
				for range pages {
					m.Bytes()[random.IntN(8)*block+random.IntN(block)]++
					if round%10 == 9 {
						m.Bytes()[random.IntN(len(want))]++
					}
				}
				if err := m.Reset(nil); err != nil {
					t.Fatal(err)
				}
				mustEqual(t, m.Bytes(), want)
			}
		}
	}
}

// Where nothing new is written a reset does not search.
func TestResetWithoutSearch(t *testing.T) {
	want := pattern(8 * PageSize)
	m := newMemory(t, newImage(t, want, Config{}), nil)
	mapping, ok := m.region.(*mapping)
	if !ok || !mapping.src.counts {
		t.Fatalf("memories are %T, which cannot be told of writes", m.region)
	}
	for round := 0; ; round++ {
		m.Bytes()[3*block]++
		before := mapping.faults
		if err := m.Reset(nil); err != nil {
			t.Fatal(err)
		}
		mustEqual(t, m.Bytes(), want)
		if before != unknown && mapping.faults == before {
			return
		}
		if round == 10_000 { // each time another thread had a fault
			t.Fatal("every reset searched")
		}
	}
}
