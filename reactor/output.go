package reactor

// output is what waits to be given to the kernel: a list of chunks, which belong to the loop's stock and go back to it
// as they empty. A connection with nothing queued holds none.
type output struct {
	first, last *chunk
	size        int
}

// chunk is a piece of output, of which data[start:end] is still to be sent.
type chunk struct {
	next       *chunk
	start, end int
	data       [chunkSize]byte
}

const (
	// chunkSize makes a chunk fill one of the allocator's size classes.
	chunkSize = 16<<10 - 32
	// maxStock is how many unused chunks a loop keeps: one connection's hard cap.
	maxStock = 64
	// maxVector is the most chunks that go out in one system call.
	maxVector = 64
)

// append queues p.
func (o *output) append(p []byte, stock *chunkList) {
	o.size += len(p)
	for len(p) > 0 {
		if o.last == nil || o.last.end == chunkSize {
			c := stock.get()
			if o.last == nil {
				o.first = c
			} else {
				o.last.next = c
			}
			o.last = c
		}
		n := copy(o.last.data[o.last.end:], p)
		o.last.end += n
		p = p[n:]
	}
}

// consume removes the first n bytes.
func (o *output) consume(n int, stock *chunkList) {
	o.size -= n
	for n > 0 {
		c := o.first
		if have := c.end - c.start; n < have {
			c.start += n
			return
		} else {
			n -= have
		}
		o.first = c.next
		stock.put(c)
	}
	if o.first == nil {
		o.last = nil
	}
}

// vector appends the queued pieces to v, as many as go into one system call.
func (o *output) vector(v [][]byte) [][]byte {
	for c := o.first; c != nil && len(v) < maxVector; c = c.next {
		v = append(v, c.data[c.start:c.end])
	}
	return v
}

func (o *output) clear(stock *chunkList) { o.consume(o.size, stock) }

// chunkList is a loop's stock of unused chunks.
type chunkList struct {
	first *chunk
	n     int
}

func (s *chunkList) get() *chunk {
	c := s.first
	if c == nil {
		return new(chunk)
	}
	s.first, c.next = c.next, nil
	s.n--
	return c
}

func (s *chunkList) put(c *chunk) {
	if s.n == maxStock {
		return
	}
	c.start, c.end = 0, 0
	c.next, s.first = s.first, c
	s.n++
}
