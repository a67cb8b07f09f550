package reactor

// A batch is a list of connections that the loop works through once a turn. What is added meanwhile has its time in
// the next turn.
type batch struct {
	next []*Conn
	now  []*Conn
	at   int
}

func (b *batch) add(c *Conn) { b.next = append(b.next, c) }

// begin starts on what was added so far.
func (b *batch) begin() { b.next, b.now = b.now, b.next }

// peek returns the connection whose turn it is, or nil when the turn has seen all of them.
func (b *batch) peek() *Conn {
	if b.at == len(b.now) {
		b.now, b.at = b.now[:0], 0
		return nil
	}
	return b.now[b.at]
}

// drop ends the turn of the connection that peek returned.
func (b *batch) drop() {
	b.now[b.at] = nil
	b.at++
}

// take is peek and drop.
func (b *batch) take() *Conn {
	c := b.peek()
	if c != nil {
		b.drop()
	}
	return c
}

// waiting reports whether the next turn has anything to do.
func (b *batch) waiting() bool { return len(b.next) > 0 }
