package image

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// TestMain fails the run if any mapping outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if n := mappings.used.Load(); n != 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "%d mappings left\n", n)
		code = 1
	}
	os.Exit(code)
}

// pattern returns an image of n bytes in which blocks differ, every third one being zero.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		if i/block%3 != 0 {
			b[i] = byte(i/block + i)
		}
	}
	return b
}

// newImage fails the test unless the image can be made.
func newImage(tb testing.TB, snapshot []byte, cfg Config) *Image {
	tb.Helper()
	img, err := New(snapshot, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := img.Close(); err != nil && !errors.Is(err, ErrClosed) {
			tb.Error(err)
		}
	})
	return img
}

// newMemory returns a memory as wazero has it after instantiation.
func newMemory(tb testing.TB, img *Image, grow GrowFunc) *Memory {
	tb.Helper()
	m, err := img.NewMemory(grow)
	if err != nil {
		tb.Fatal(err)
	}
	if got := m.Allocate(0, MaxSize).Reallocate(0); len(got) != int(img.Size()) {
		tb.Fatalf("first length %d, want the image's %d", len(got), img.Size())
	}
	tb.Cleanup(func() {
		m.Free()
		if err := m.Close(); err != nil && !errors.Is(err, ErrClosed) {
			tb.Error(err)
		}
	})
	return m
}

// module stands for wazero's memory instance: Grow calls Reallocate as wazero does.
type module struct {
	m   *Memory
	max uint32 // declared maximum in pages
}

func (v module) Size() uint32 { return uint32(len(v.m.Bytes())) }

func (v module) Grow(pages uint32) (uint32, bool) {
	old := v.Size() / PageSize
	if old+pages > v.max {
		return 0, false
	}
	return old, v.m.Reallocate(uint64(old+pages)*PageSize) != nil
}

func view(m *Memory) View { return module{m, MaxSize/PageSize + 1} }

// each runs a test with every strategy that works here.
func each(t *testing.T, run func(t *testing.T, s Strategy)) {
	for _, s := range available(t) {
		t.Run(s.String(), func(t *testing.T) { run(t, s) })
	}
}

// available returns the strategies of this platform; Copy is always one.
func available(tb testing.TB) []Strategy {
	tb.Helper()
	var all []Strategy
	for s := Copy; s <= Track; s++ {
		img, err := New(pattern(PageSize), Config{Strategy: s})
		if err == nil {
			err = img.Close()
			all = append(all, s)
		}
		if err != nil && (s == Copy || !errors.Is(err, ErrStrategy)) {
			tb.Fatalf("%v: %v", s, err)
		}
	}
	return all
}

// mustEqual compares a memory's content with what it should be and says where they part.
func mustEqual(tb testing.TB, got, want []byte) {
	tb.Helper()
	if len(got) != len(want) {
		tb.Fatalf("length %d, want %d", len(got), len(want))
	}
	if string(got) == string(want) {
		return
	}
	for i := range got {
		if got[i] != want[i] {
			tb.Fatalf("byte %d (page %d) is %#x, want %#x", i, i/block, got[i], want[i])
		}
	}
}
