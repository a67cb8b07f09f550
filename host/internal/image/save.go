package image

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
)

// ErrSaved: bytes that Save did not make, or made of another image.
var ErrSaved = errors.New("image: not what was saved")

// Saved is what distinguishes a memory from its image: how many WebAssembly pages it has grown by, and then, in the
// order of their addresses, the runs of bytes that differ. Each is how many bytes lie between it and the run before,
// how many bytes it has, and these; numbers are varints.

const (
	// chunk is how many bytes are compared in one go. Most of a written page is the image's still.
	chunk = 256
	// bridge is how many equal bytes between two runs are saved along, because a run of its own would take as many.
	bridge = 2
	// mostLookedAt is how many bytes Save compares at most: about a millisecond's worth.
	mostLookedAt = 4 << 20
)

// Save appends to dst what distinguishes the memory from its image, so that Load makes a fresh memory of the same image
// equal to this one. The bytes from skip.From up to skip.To are left out as far as they are not looked at with their
// neighbours: Load leaves them as they are in the image. It returns false, and nothing of use, if that would take more
// than most bytes or a long time. The memory stays as it is. No call into the module may be going on.
//
// Comparing a written page takes about a tenth of a microsecond.
func (m *Memory) Save(dst []byte, skip Range, most int) (saved []byte, ok bool) {
	if m.img == nil || m.state&(closed|spoiled) != 0 || !m.atHome() {
		return nil, false
	}
	e := encoder{mem: m.buf, out: binary.AppendUvarint(dst, uint64(len(m.buf)-m.base)/PageSize)}
	e.most = len(e.out) + most
	skip.From = min(skip.From+7, len(m.buf)) &^ 7
	skip.To = max(min(skip.To, len(m.buf))&^7, skip.From)
	budget := mostLookedAt
	err := m.region.visit(len(m.buf), func(r Range) bool {
		if budget -= r.To - r.From; budget < 0 {
			return false
		}
		e.compare(m.img.pristine, r.From, min(r.To, skip.From))
		e.compare(m.img.pristine, max(r.From, skip.To), r.To)
		return !e.full()
	})
	if !e.full() {
		e.flush()
	}
	if err != nil || budget < 0 || e.full() {
		return nil, false
	}
	return e.out, true
}

// Load makes a fresh memory what another one of the same image was when it was saved. view is the module's own memory, as
// in Reset; it is asked to grow if the saved one had grown. After an error the memory can only be reset or closed.
func (m *Memory) Load(view View, saved []byte) error {
	switch {
	case m.img == nil:
		return ErrNoImage
	case m.state&closed != 0:
		return ErrClosed
	case m.state&spoiled != 0:
		return ErrSpoiled
	}
	pages, n := binary.Uvarint(saved)
	if n <= 0 || pages > (m.limit-min(m.limit, uint64(len(m.buf))))/PageSize {
		return fmt.Errorf("%w: a size that cannot be", ErrSaved)
	}
	if pages > 0 {
		if _, ok := view.Grow(uint32(pages)); !ok {
			return fmt.Errorf("%w: no room for %d more pages", ErrSize, pages)
		}
	}
	return decode(m.buf, saved[n:])
}

// An encoder collects runs of bytes that differ.
type encoder struct {
	mem  []byte
	out  []byte
	most int // len(out)

	last     int // where the run before the present one ended
	from, to int // the present one, not written yet; empty at first
}

// full reports whether what was found is more than may be.
func (e *encoder) full() bool { return len(e.out)+e.to-e.from > e.most }

// compare looks for differences between from and to, which are whole numbers of words. Behind the image's end are zeros.
func (e *encoder) compare(image []byte, from, to int) {
	for at := from; at < to; {
		n := min(chunk, to-at)
		reference := zeros[:n]
		if at < len(image) {
			n = min(n, len(image)-at)
			reference = image[at : at+n]
		}
		if got := e.mem[at : at+n]; !bytes.Equal(got, reference) {
			e.words(at, got, reference)
			if e.full() {
				return
			}
		}
		at += n
	}
}

var zeros [chunk]byte

// words finds the bytes of a chunk that differ, a word at a time.
func (e *encoder) words(at int, got, reference []byte) {
	for i := 0; i+8 <= len(got) && i+8 <= len(reference); i += 8 {
		x := binary.LittleEndian.Uint64(got[i:]) ^ binary.LittleEndian.Uint64(reference[i:])
		if x == 0 {
			continue
		}
		from, to := at+i+bits.TrailingZeros64(x)/8, at+i+8-bits.LeadingZeros64(x)/8
		if from > e.to+bridge || e.to == 0 {
			e.flush()
			e.from = from
		}
		e.to = to
	}
}

// flush writes the present run.
func (e *encoder) flush() {
	if e.from == e.to {
		return
	}
	e.out = binary.AppendUvarint(e.out, uint64(e.from-e.last))
	e.out = binary.AppendUvarint(e.out, uint64(e.to-e.from))
	e.out = append(e.out, e.mem[e.from:e.to]...)
	e.last, e.from = e.to, e.to
}

// decode puts the runs of saved into mem.
func decode(mem, saved []byte) error {
	rest := mem
	for len(saved) > 0 {
		gap, n := binary.Uvarint(saved)
		if n <= 0 || gap > uint64(len(rest)) {
			return fmt.Errorf("%w: a run that lies outside of the memory", ErrSaved)
		}
		rest, saved = rest[gap:], saved[n:]
		size, n := binary.Uvarint(saved)
		if n <= 0 || size > uint64(len(rest)) || size > uint64(len(saved)-n) {
			return fmt.Errorf("%w: a run that has no end", ErrSaved)
		}
		copy(rest, saved[n:n+int(size)])
		rest, saved = rest[size:], saved[n+int(size):]
	}
	return nil
}
