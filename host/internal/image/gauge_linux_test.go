package image

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestGaugeSeesWrittenPages(t *testing.T) {
	g := OpenGauge()
	defer g.Close()
	const size = 64 << 20
	mem, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	faults, ok := g.Faults()
	if !ok {
		t.Error("page faults are not known")
	}
	before, ok := g.Private()
	for at := 0; at < size; at += 4096 {
		mem[at] = 1
	}
	after, ok2 := g.Private()
	if !ok || !ok2 || after-before < size*3/4 || after-before > size*5/4 {
		t.Errorf("%d bytes and then %d, want %d more", before, after, size)
	}
	if n, _ := g.Faults(); n-faults < size/4096/2 {
		t.Errorf("%d page faults for %d pages", n-faults, size/4096)
	}
	if err := unix.Munmap(mem); err != nil {
		t.Fatal(err)
	}
	if allocations := testing.AllocsPerRun(100, func() { g.Faults() }); allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func BenchmarkGauge(b *testing.B) {
	g := OpenGauge()
	defer g.Close()
	b.Run("faults", func(b *testing.B) {
		for b.Loop() {
			g.Faults()
		}
	})
	b.Run("private", func(b *testing.B) {
		for b.Loop() {
			g.Private()
		}
	})
}
