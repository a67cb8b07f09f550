package tlsengine

// MaxFeed is the most that [Session.Feed] takes at a time: what a loop reads from a socket in one call.
const MaxFeed = 64 << 10

// buffersKept bounds the idle buffers of one loop.
const buffersKept = 16

// Buffers lends buffers to the sessions of one loop that stop reading in the middle of what was fed. The zero value is
// ready for use.
type Buffers struct {
	free [][]byte // each of MaxFeed bytes
}

func (b *Buffers) get() []byte {
	last := len(b.free) - 1
	if last < 0 {
		return make([]byte, MaxFeed)
	}
	buffer := b.free[last]
	b.free = b.free[:last]
	return buffer
}

func (b *Buffers) put(buffer []byte) {
	if len(b.free) < buffersKept {
		b.free = append(b.free, buffer)
	}
}
