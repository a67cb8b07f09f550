package image

import "bytes"

// block is the unit in which copies are compared with the image. Comparing first is twice as fast as copying everything:
// memory that is equal is only read.
const block = 4 << 10

// copied is a region on the heap, exactly as long as the image.
type copied struct {
	mem, pristine []byte
}

func newCopied(pristine []byte) *copied {
	return &copied{mem: append(make([]byte, 0, len(pristine)), pristine...), pristine: pristine}
}

func (c *copied) bytes() []byte { return c.mem }

func (c *copied) restore(int) (int, error) {
	for at := 0; at < len(c.mem); at += block {
		restoreBlock(c.mem[at:at+block], c.pristine[at:at+block])
	}
	return len(c.mem), nil
}

func (c *copied) trim() (int, error) { return len(c.mem), nil }

func (c *copied) visit(n int, f func(Range) bool) error {
	f(Range{0, n})
	return nil
}

func (c *copied) release() error {
	c.mem, c.pristine = nil, nil
	return nil
}

// restoreBlock makes mem equal to pristine, of the same length, and reports whether it was not.
func restoreBlock(mem, pristine []byte) (changed bool) {
	if bytes.Equal(mem, pristine) {
		return false
	}
	copy(mem, pristine)
	return true
}

// enlarge returns a slice of size bytes that begins with the content of buf and goes on with zeros. A quarter of spare
// capacity, up to limit, keeps a guest that grows page by page from making the host copy for ever.
func enlarge(buf []byte, size, limit int) []byte {
	if size <= cap(buf) {
		return buf[:size]
	}
	bigger := make([]byte, size, max(size, min(size+size/4, limit)))
	copy(bigger, buf)
	return bigger
}
