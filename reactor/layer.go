package reactor

import "github.com/wasmnet/wasmnet/reactor/protocol"

// A layer stands between a connection's socket and its protocol; TLS is the one there is. All methods are called on
// the loop.
//
// The connection offers it readRaw and writeRaw for the socket's side, deliver and readInto for the protocol's side,
// readEnded for a clean end of the peer's stream, and fail and abort. What it holds for the protocol although the
// socket has nothing new, it has delivered by readAgain.
type layer interface {
	// readable says that the socket is readable, or that reading was resumed. It delivers as long as the connection
	// wants to read, and keeps the rules of [runner] with each delivery.
	readable(r *runner)
	// write takes plaintext. It is flushed at the end of the event.
	write(p []byte)
	// buffered is how many bytes it has taken and not given to writeRaw.
	buffered() int
	// flush gives what was written to writeRaw, as far as that can be done now.
	flush()
	// closeWrite ends the layer's stream towards the peer. Nothing is buffered.
	closeWrite()
	// holds reports whether it may have something for the protocol that was received and not delivered.
	holds() bool
	// ended says that the connection is over, once.
	ended()
	// info describes the session; ok is false until it is established.
	info() (info protocol.TLSInfo, ok bool)
}

// readRaw reads from the socket. It fails with errAgain if nothing is there and io.EOF at the end.
func (c *Conn) readRaw(p []byte) (int, error) { return c.sock.read(p) }

// readAgain has the layer's readable called in the next turn, whether or not the socket has anything new.
func (c *Conn) readAgain() {
	if c.flags&(connAgain|connOver) == 0 {
		c.flags |= connAgain
		c.loop.again.add(c)
	}
}
