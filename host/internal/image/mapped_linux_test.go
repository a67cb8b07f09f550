//go:build amd64 || arm64

package image

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Linux has always had the means for these; Track is for newer kernels.
func TestStrategiesOfLinux(t *testing.T) {
	got := available(t)
	for _, s := range []Strategy{Copy, Drop, Scan} {
		if !slices.Contains(got, s) {
			t.Errorf("%v is not available", s)
		}
	}
	t.Logf("available: %v", got)
}

// The kernel's own writes, as when read(2) fills a guest's receive buffer, are found and put back too.
func TestResetAfterKernelWrites(t *testing.T) {
	want := pattern(4 * PageSize)
	each(t, func(t *testing.T, s Strategy) {
		m := newMemory(t, newImage(t, want, Config{Strategy: s}), nil)
		var fds [2]int
		if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		defer unix.Close(fds[1])
		secret := bytes.Repeat([]byte{0xee}, 3*block)
		for round := range 4 {
			if _, err := unix.Write(fds[1], secret); err != nil {
				t.Fatal(err)
			}
			at := round*PageSize/2 + 100
			if n, err := unix.Read(fds[0], m.Bytes()[at:at+len(secret)]); n != len(secret) || err != nil {
				t.Fatalf("read %d bytes: %v", n, err)
			}
			if !bytes.Equal(m.Bytes()[at:at+len(secret)], secret) {
				t.Fatal("memory does not hold what was read")
			}
			if err := m.Reset(nil); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, m.Bytes(), want)
		}
	})
}

// A memory that once wrote much does not stay large and slow: its pages are dropped after some resets.
func TestIdlePagesAreDropped(t *testing.T) {
	want := pattern(16 * PageSize)
	for _, s := range []Strategy{Scan, Track} {
		if !slices.Contains(available(t), s) {
			continue
		}
		m := newMemory(t, newImage(t, want, Config{Strategy: s}), nil)
		use := func(pages int) {
			for i := range pages {
				m.Bytes()[i*block]++
			}
			if err := m.Reset(nil); err != nil {
				t.Fatal(err)
			}
			mustEqual(t, m.Bytes(), want)
		}
		use(200)
		if got := m.Private(); got != 200*block {
			t.Fatalf("%v: %d bytes private after writing 200 pages", s, got)
		}
		resets := 0
		for ; m.Private() > 8*block; resets++ {
			if resets == 100 {
				t.Fatalf("%v: still %d bytes private", s, m.Private())
			}
			use(4)
		}
		if resets < 2 {
			t.Errorf("%v: dropped at once", s)
		}
		use(4)
		use(4)
		if got := m.Private(); got != 4*block {
			t.Errorf("%v: %d bytes private in the long run, want 4 pages", s, got)
		}
		if err := m.Trim(); err != nil || m.Private() != 0 {
			t.Errorf("%v: Trim: %v, %d bytes private", s, err, m.Private())
		}
		mustEqual(t, m.Bytes(), want)
		use(1)
	}
}

// When the allowance of mappings is used up, memories are copies, and work.
func TestMappingsAreBounded(t *testing.T) {
	img := newImage(t, pattern(2*PageSize), Config{Strategy: Drop})
	former := mappings.allowed()
	mappings.max.Store(mappings.used.Load() + 10)
	defer mappings.max.Store(former)
	for range 15 {
		newMemory(t, img, nil)
	}
	if st := img.Stats(); st.Mapped != 10 || st.Copied != 5 || st.Private != 5*2*PageSize {
		t.Fatalf("%+v, want 10 mapped and 5 copied", st)
	}
	last := newMemory(t, img, nil)
	last.Bytes()[0]++
	if err := last.Reset(nil); err != nil {
		t.Fatal(err)
	}
	mustEqual(t, last.Bytes(), pattern(2*PageSize))
}

// Tens of thousands of memories stay clear of the kernel's limit and occupy what they wrote.
func TestTensOfThousands(t *testing.T) {
	const many, size = 40_000, PageSize
	img := newImage(t, pattern(size), Config{Strategy: available(t)[len(available(t))-1], Max: 16 * PageSize})
	before := resident(t)
	all := make([]*Memory, 0, many)
	defer func() {
		for _, m := range all {
			m.Free()
			if err := m.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if st := img.Stats(); st.Mapped != 0 || st.Private != 0 {
			t.Errorf("left over: %+v", st)
		}
	}()
	for i := range many {
		m, err := img.NewMemory(nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
		m.Allocate(0, MaxSize).Reallocate(0)
		for range 2 {
			m.Bytes()[i%size] ^= 1
			if err := m.Reset(nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	st := img.Stats()
	if st.Mapped != many || st.Mappings > st.Allowed || st.Private != many*int64(osPage) {
		t.Fatalf("%+v", st)
	}
	if grew := resident(t) - before; grew > many*int64(osPage)*3/2 {
		t.Errorf("%d KiB more resident for %d memories that wrote a page each", grew>>10, many)
	}
}

// resident returns how many bytes of memory the process occupies, the pages of images not counted.
func resident(t *testing.T) int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("/proc/self/status has no RssAnon")
	return 0
}

// What an image opens it closes.
func TestDescriptorsAreClosed(t *testing.T) {
	count := func() int {
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	before := count()
	t.Cleanup(func() { // after those of the images and memories
		if n := count(); n != before {
			t.Errorf("%d descriptors open, %d before", n, before)
		}
	})
	for _, s := range available(t) {
		img := newImage(t, pattern(PageSize), Config{Strategy: s})
		newMemory(t, img, nil).Free()
		if err := img.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// What fails half way gives back what it had, and says why.
func TestMappedImageThatCannotBeMade(t *testing.T) {
	if src, err := newMapped(make([]byte, block), -1, Drop); err == nil || src != nil {
		t.Errorf("an image of a negative size: %v, %v", src, err)
	}
}
