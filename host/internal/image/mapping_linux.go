//go:build amd64 || arm64

package image

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

var osPage = os.Getpagesize()

// The cost of things in units of comparing a page with the image: what decides when pages are dropped.
const (
	faultCost = 24  // a page fault on the next write to a dropped page
	dropCost  = 2   // dropping a page
	fixedCost = 256 // the system calls, and faulting in again what is only read
)

// sample is how often private pages are compared with the image, to learn how many are still written. In between they
// are copied unseen, which costs a fifth less.
const sample = 8

// mapping is a region that maps the image copy-on-write.
type mapping struct {
	src    *mapped
	mem    []byte
	watch  watch
	resets int // since the last drop
	idle   int // pages restored in vain since the last drop, about
	kept   int // how many came back soon after that drop: written, if seldom changed. -1: not known yet

	// known are the runs of private pages as of the last search, and faults is what faultCount said before it: as long as it
	// says so, there are no others.
	known  []Range
	faults int64
}

// watch says how a mapping's written pages are found.
type watch uint8

const (
	untracked watch = iota // by reading the pagemap; to be tracked after the first restore, if there is a tracker
	tracked                // by the tracker
	plain                  // by reading the pagemap, for the tracker failed
)

func (m *mapping) bytes() []byte { return m.mem }

func (m *mapping) restore(used int) (int, error) {
	image := m.mem[:m.src.size]
	if used > len(image) {
		if err := madvise(m.mem[len(image):used], unix.MADV_DONTNEED); err != nil {
			return 0, err
		}
	}
	if m.src.pages == nil {
		return 0, madvise(image, unix.MADV_DONTNEED)
	}
	private, changed, err := m.copyBack(image)
	if err != nil {
		return 0, err
	}
	if m.sampling() {
		if m.kept < 0 {
			m.kept = min(private, mostKept)
		}
		m.idle += sample * max(private-max(changed, m.kept), 0)
		if m.idle > faultCost*changed+dropCost*private+fixedCost {
			return m.trim()
		}
	}
	m.resets++
	return private * osPage, nil
}

// mostKept is how many pages a mapping keeps because they came back after they were dropped.
const mostKept = 16

// sampling says whether the present restore compares.
func (m *mapping) sampling() bool { return m.resets%sample == sample-1 }

// copyBack finds the pages that are not the image's own and makes them equal to it. It returns how many there are and
// how many differed, if sampling.
func (m *mapping) copyBack(image []byte) (private, changed int, err error) {
	faults := int64(unknown)
	if m.src.counts {
		faults = faultCount()
	}
	if faults != unknown && faults == m.faults {
		for _, run := range m.known {
			private += (run.To - run.From) / osPage
			changed += m.restoreSpan(run)
		}
		return private, changed, nil
	}
	m.known, m.faults = m.known[:0], faults
	if m.watch == untracked && m.src.tracker != nil {
		if m.src.tracker.register(m.mem) != nil {
			m.watch = plain
		}
	}
	protected := 0 // up to here, all pages but the private ones are protected from now on
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for at := 0; at < len(image); {
		var found []Range
		if found, at, err = m.private(s, image, at); err != nil {
			return 0, 0, err
		}
		for _, f := range found {
			private += (f.To - f.From) / osPage
			changed += m.restoreSpan(f)
			m.learn(f)
			if m.watch == untracked && m.src.tracker != nil {
				m.protect(image[protected:f.From])
				protected = f.To
			}
		}
	}
	if m.watch == untracked && m.src.tracker != nil {
		if m.protect(image[protected:]); m.watch == untracked {
			m.watch = tracked
		}
	}
	return private, changed, nil
}

// mostKnown is how many runs of private pages a mapping remembers.
const mostKnown = 64

// learn remembers a run of private pages.
func (m *mapping) learn(run Range) {
	if len(m.known) == mostKnown {
		m.faults = unknown
		return
	}
	m.known = append(m.known, run)
}

// protect has writes to the pages noticed. Private pages are left out: they count as written until they are dropped, and
// cost no fault.
func (m *mapping) protect(pages []byte) {
	if len(pages) > 0 && m.src.tracker.protect(pages) != nil {
		m.watch = plain
	}
}

// restoreSpan makes a run of pages equal to the image. When sampling, it returns how many were not.
func (m *mapping) restoreSpan(f Range) (changed int) {
	if !m.sampling() {
		copy(m.mem[f.From:f.To], m.src.pristine[f.From:f.To])
		return 0
	}
	for at := f.From; at < f.To; at += osPage {
		if restoreBlock(m.mem[at:at+osPage], m.src.pristine[at:at+osPage]) {
			changed++
		}
	}
	return changed
}

// trim drops all private pages and makes the mapping as it was when new.
func (m *mapping) trim() (int, error) {
	m.idle, m.resets, m.kept, m.faults = 0, 0, -1, unknown
	if m.watch == tracked {
		if err := m.src.tracker.unregister(m.mem); err != nil {
			return 0, err
		}
		m.watch = untracked
	}
	return 0, madvise(m.mem[:m.src.size], unix.MADV_DONTNEED)
}

func (m *mapping) visit(n int, f func(Range) bool) error {
	if m.src.pages == nil {
		f(Range{0, n})
		return nil
	}
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for at := 0; at < n; {
		found, next, err := m.private(s, m.mem[:n], at)
		if err != nil {
			return err
		}
		for _, run := range found {
			if !f(run) {
				return nil
			}
		}
		at = next
	}
	return nil
}

// private finds pages of mem, from offset at on, that are not the image's own.
func (m *mapping) private(s *scratch, mem []byte, at int) (found []Range, next int, err error) {
	if m.watch == tracked {
		return m.src.tracker.written(s, mem, at)
	}
	return m.src.pages.private(s, mem, at)
}

func (m *mapping) release() error {
	mem := m.mem
	m.mem = nil
	return munmap(mem)
}

func madvise(mem []byte, advice int) error {
	return os.NewSyscallError("madvise", unix.Madvise(mem, advice))
}

// mostProbed is how many bytes of the mapping probe looks at, at most.
const mostProbed = 16 * PageSize

// probe tries the strategy out on a mapping of its own, twice, since the second restore may go another way: written pages
// must be put back, and what is reported private must be what was written. A kernel that only pretends is found out here.
// It does so anywhere: looking at all of a large image would take as long as making it.
func (src *mapped) probe() error {
	r, err := src.newRegion()
	if err != nil {
		return err
	}
	m := r.(*mapping)
	looked := min(src.size, mostProbed)
	src.counts = true
	for round := range 3 {
		at := (round * 5 * osPage) % looked
		seen := m.mem[src.size-1] // present, and not written
		before := faultCount()
		m.mem[at] ^= 0xff
		m.mem[at+osPage-1] ^= 0xff
		src.counts = src.counts && before != unknown && faultCount() > before
		private, err := m.restore(src.size)
		if err == nil && (string(m.mem[:looked]) != string(src.pristine[:looked]) || m.mem[src.size-1] != seen) {
			err = fmt.Errorf("page at %d not restored", at)
		}
		if err == nil && src.pages != nil && (private < osPage || private > (round+1)*osPage) {
			err = fmt.Errorf("%d bytes reported private after writing %d pages", private, round+1)
		}
		if err == nil && src.strategy == Track && m.watch != tracked {
			err = fmt.Errorf("writes cannot be tracked")
		}
		if err != nil {
			_ = m.release()
			return err
		}
	}
	return m.release()
}
