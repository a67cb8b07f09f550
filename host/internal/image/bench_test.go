package image

import (
	"fmt"
	"testing"
)

var (
	benchSizes = []int{64 << 10, 128 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20}
	benchPages = []int{1, 4, 16, 64, 256}
)

// soil writes to so many pages spread over b.
func soil(b []byte, pages int) {
	step := len(b) / pages &^ (block - 1)
	for i := range pages {
		b[i*step+i&(block-1)]++
	}
}

// BenchmarkReset recycles one memory; what the guest would do is the writing of the pages and the reading of a tenth of the
// memory once, which is what brings the image's pages into its page table.
func BenchmarkReset(b *testing.B) {
	for _, s := range available(b) {
		for _, size := range benchSizes {
			for _, pages := range benchPages {
				if pages > size/block {
					continue
				}
				b.Run(fmt.Sprintf("%v/%dKiB/%d", s, size>>10, pages), func(b *testing.B) {
					m := newMemory(b, newImage(b, pattern(size), Config{Strategy: s}), nil)
					sum := byte(0)
					for at := 0; at < size/10; at += block {
						sum += m.Bytes()[at]
					}
					for b.Loop() {
						soil(m.Bytes(), pages)
						if err := m.Reset(nil); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkFresh makes a memory, writes so many pages, resets it so many times, and closes it: what an instance costs
// that is not pooled, and how soon pooling pays.
func BenchmarkFresh(b *testing.B) {
	for _, s := range available(b) {
		for _, size := range benchSizes {
			for _, resets := range []int{0, 1, 2} {
				b.Run(fmt.Sprintf("%v/%dKiB/resets=%d", s, size>>10, resets), func(b *testing.B) {
					img := newImage(b, pattern(size), Config{Strategy: s})
					for b.Loop() {
						m, err := img.NewMemory(nil)
						if err != nil {
							b.Fatal(err)
						}
						soil(m.Bytes(), 4)
						for range resets {
							if err := m.Reset(nil); err != nil {
								b.Fatal(err)
							}
							soil(m.Bytes(), 4)
						}
						if err := m.Close(); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkFirstTouch is the price of the first access to a page: what Reset avoids by keeping written pages.
func BenchmarkFirstTouch(b *testing.B) {
	const size = 16 << 20
	for _, s := range available(b) {
		for name, touch := range map[string]func(*byte) byte{
			"read":  func(p *byte) byte { return *p },
			"write": func(p *byte) byte { *p++; return *p },
		} {
			b.Run(fmt.Sprintf("%v/%s", s, name), func(b *testing.B) {
				m := newMemory(b, newImage(b, pattern(size), Config{Strategy: s}), nil)
				sum := byte(0)
				for i := 0; b.Loop(); i += block {
					if i == size {
						i = 0
						b.StopTimer()
						if err := m.Trim(); err != nil {
							b.Fatal(err)
						}
						b.StartTimer()
					}
					sum += touch(&m.Bytes()[i])
				}
			})
		}
	}
}
