package image

import (
	"context"
	"errors"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

// guest returns a module with a memory of 1 page, 8 at most, and exports: poke(address, byte), peek(address) -> byte,
// grow(pages) -> former pages, size() -> pages.
func guest() []byte {
	section := func(id byte, body ...byte) []byte { return append([]byte{id, byte(len(body))}, body...) }
	name := func(s string, kind, index byte) []byte {
		return append(append([]byte{byte(len(s))}, s...), kind, index)
	}
	var exports []byte
	for i, s := range []string{"poke", "peek", "grow", "size"} {
		exports = append(exports, name(s, 0, byte(i))...)
	}
	exports = append(exports, name("memory", 2, 0)...)
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, 3,
		0x60, 2, 0x7f, 0x7f, 0, // (i32, i32)
		0x60, 1, 0x7f, 1, 0x7f, // (i32) -> i32
		0x60, 0, 1, 0x7f)...) // -> i32
	m = append(m, section(3, 4, 0, 1, 1, 2)...)
	m = append(m, section(5, 1, 1, 1, 8)...)
	m = append(m, section(7, append([]byte{5}, exports...)...)...)
	m = append(m, section(10, 4,
		9, 0, 0x20, 0, 0x20, 1, 0x3a, 0, 0, 0x0b, // i32.store8
		7, 0, 0x20, 0, 0x2d, 0, 0, 0x0b, // i32.load8_u
		6, 0, 0x20, 0, 0x40, 0, 0x0b, // memory.grow
		4, 0, 0x3f, 0, 0x0b)...) // memory.size
	return m
}

// instance is the guest running on a memory.
type instance struct {
	t   *testing.T
	ctx context.Context
	mod api.Module
	mem *Memory
}

// instantiate runs the guest on m. The runtime is closed, which frees m, at the end of the test.
func instantiate(t *testing.T, m *Memory) *instance {
	t.Helper()
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() {
		if err := r.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	mod, err := r.InstantiateWithConfig(experimental.WithMemoryAllocator(ctx, m), guest(), wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	return &instance{t, ctx, mod, m}
}

// call calls an export and returns its result, if it has one.
func (i *instance) call(name string, args ...uint64) (uint64, error) {
	res, err := i.mod.ExportedFunction(name).Call(i.ctx, args...)
	if err != nil || len(res) == 0 {
		return 0, err
	}
	return res[0], nil
}

// want fails the test unless the export returns this.
func (i *instance) want(result uint64, name string, args ...uint64) {
	i.t.Helper()
	if got, err := i.call(name, args...); err != nil || got != result {
		i.t.Fatalf("%s%v = %d, %v; want %d", name, args, got, err, result)
	}
}

// A compiled guest sees the image, its own writes and its own growth, and after a reset the image in its former length:
// what it grew is out of bounds again, to the generated code too.
func TestGuestSeesTheImage(t *testing.T) {
	each(t, func(t *testing.T, s Strategy) {
		snapshot := pattern(2 * PageSize)
		img := newImage(t, snapshot, Config{Strategy: s, Max: 7 * PageSize})
		m, err := img.NewMemory(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		g := instantiate(t, m)
		const last = 2*PageSize - 1
		for range 3 {
			g.want(2, "size")
			for _, at := range []uint64{0, 5000, PageSize, last} {
				g.want(uint64(snapshot[at]), "peek", at)
				g.want(0, "poke", at, uint64(^snapshot[at]))
				g.want(uint64(^snapshot[at]), "peek", at)
			}
			if _, err := g.call("peek", last+1); err == nil {
				t.Fatal("read beyond the image")
			}
			g.want(2, "grow", 4)
			g.want(6, "size")
			g.want(0, "peek", 5*PageSize)
			g.want(0, "poke", 5*PageSize, 9)
			g.want(1<<32-1, "grow", 2) // the image's maximum is below the module's
			if err := m.Reset(g.mod.Memory()); err != nil {
				t.Fatal(err)
			}
			if n := g.mod.Memory().Size(); n != 2*PageSize {
				t.Fatalf("%d bytes after the reset", n)
			}
			mustEqual(t, m.Bytes(), snapshot)
			if _, err := g.call("peek", 5*PageSize); err == nil {
				t.Fatal("read what was grown before the reset")
			}
		}
	})
}

// The guest takes all that its module declares: it cannot be shrunk, and Reset says so.
func TestGuestAtItsMaximum(t *testing.T) {
	img := newImage(t, pattern(PageSize), Config{Max: 16 * PageSize})
	m, err := img.NewMemory(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	g := instantiate(t, m)
	g.want(1, "grow", 7)
	if err := m.Reset(g.mod.Memory()); !errors.Is(err, ErrGrown) {
		t.Fatalf("error %v, want ErrGrown", err)
	}
}

// A start-up instance's memory becomes the image of the next.
func TestGuestStartup(t *testing.T) {
	m := NewStartup(4*PageSize, nil)
	g := instantiate(t, m)
	g.want(1, "grow", 1)
	g.want(0, "poke", PageSize+1, 42)
	g.want(1<<32-1, "grow", 3)
	img := newImage(t, m.Bytes(), Config{})
	fresh, err := img.NewMemory(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	next := instantiate(t, fresh)
	next.want(2, "size")
	next.want(42, "peek", PageSize+1)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
}
