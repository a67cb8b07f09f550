package tlsengine

// MaxFeed is the size of the buffers that [Session.Space] returns after the handshake: what a loop reads from a socket in
// one call.
const MaxFeed = 64 << 10

// buffersKept bounds the idle buffers of one loop.
const buffersKept = 16

// Buffers lends buffers to the sessions of one loop, each for as long as it holds ciphertext that has not been read. The
// zero value is ready for use.
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
