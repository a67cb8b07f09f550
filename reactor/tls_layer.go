package reactor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"

	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// tlsLayer implements [layer] with a TLS session. During its handshake (connShaking) the socket is read for the
// session alone, whatever the protocol wants, and what the protocol writes waits.
type tlsLayer struct {
	conn     *Conn
	session  *tlsengine.Session
	staged   output // plaintext that waits for the end of the event, or of the handshake
	eof      bool   // the ciphertext has ended
	more     bool   // the session may have plaintext
	deadline protocol.DelayedCall
}

var (
	_ layer           = (*tlsLayer)(nil)
	_ tlsengine.Owner = (*tlsLayer)(nil)
)

// recordSize is how much plaintext goes into a record. With what encryption adds it stays below directSize: several
// records are gathered for one system call.
const recordSize = chunkSize

// beginTLS starts a handshake. cfg was prepared by [tlsengine.ServerConfig] or [tlsengine.ClientConfig].
func (c *Conn) beginTLS(cfg *tls.Config, server bool) {
	l := c.loop
	r := l.reactor
	c.Host() // from now on it is asked for on the handshake's goroutine
	t := &tlsLayer{conn: c}
	c.layer = t
	c.flags |= connShaking
	c.touch()
	t.deadline = l.CallLater(r.cfg.HandshakeTimeout, func() {
		t.report(fmt.Errorf("handshake took more than %v", r.cfg.HandshakeTimeout))
		c.fail(c.reason)
	})
	if server {
		t.session = tlsengine.NewServer(cfg, r.handshakes, &l.ciphertext, t)
	} else {
		t.session = tlsengine.NewClient(cfg, r.handshakes, &l.ciphertext, t)
	}
}

// Ciphertext implements [tlsengine.Owner].
func (t *tlsLayer) Ciphertext(p []byte) { t.conn.writeRaw(p) }

// Wake implements [tlsengine.Owner].
func (t *tlsLayer) Wake() { t.conn.loop.CallFromThread(t.advance) }

// Host implements [tlsengine.Owner].
func (t *tlsLayer) Host() protocol.Address { return t.conn.host }

// Peer implements [tlsengine.Owner].
func (t *tlsLayer) Peer() protocol.Address { return t.conn.peer }

// advance takes over what the handshake has done.
func (t *tlsLayer) advance() {
	c := t.conn
	if c.flags&(connShaking|connOver) != connShaking {
		return
	}
	done, err := t.session.Step()
	switch {
	case c.flags&connOver != 0:
	case err != nil:
		t.fail(err)
	case done:
		t.established()
	case !t.eof:
		c.flags &^= connFull
		c.touch()
	}
}

// established ends the handshake. Plaintext may have come with it, so the session is read whether or not the socket has
// anything new.
func (t *tlsLayer) established() {
	c := t.conn
	t.stopTimer()
	c.flags &^= connShaking | connFull
	t.more = true
	c.touch()
	if c.flags&connMade == 0 {
		c.loop.fresh.add(c)
	} else {
		c.handshakeCompleted()
	}
}

// handshakeCompleted has the protocol told so, and what the session holds delivered after that.
func (c *Conn) handshakeCompleted() {
	if _, ok := c.proto.(protocol.HandshakeListener); ok {
		c.flags |= connTellShaken
	}
	c.touch()
	c.readAgain()
}

// readable implements [layer].
func (t *tlsLayer) readable(r *runner) {
	c := t.conn
	switch {
	case c.flags&connShaking != 0:
		t.readHandshake()
		return
	case c.flags&connMade == 0:
		return // open reads again
	case c.flags&connTellShaken != 0:
		c.readAgain()
		return
	}
	dst := c.readInto(r)
	if dst == nil {
		return
	}
	n, err := t.session.Read(dst)
	t.more = true
	if n == 0 && err == nil {
		if t.more = false; !t.fill() {
			return
		}
		n, err = t.session.Read(dst)
		t.more = n == len(dst) || t.session.Ended()
	}
	switch {
	case c.flags&connOver != 0:
	case n > 0:
		if t.more {
			c.readAgain()
		}
		c.deliver(r, dst[:n])
	case err != nil:
		t.readFailed(r, err)
	}
}

// fill reads once from the socket. It returns false if that broke the connection.
func (t *tlsLayer) fill() bool {
	c := t.conn
	n, err := c.readRaw(t.session.Space())
	t.session.Feed(max(n, 0))
	switch err {
	case nil, errAgain:
	case io.EOF:
		t.eof = true
		t.session.FeedEOF()
	default:
		c.fail(protocol.ErrConnectionLost.Because(err))
		return false
	}
	return true
}

// readHandshake reads once from the socket, if the handshake has room.
func (t *tlsLayer) readHandshake() {
	c := t.conn
	space := t.session.Space()
	if space == nil {
		c.flags |= connFull // until advance
		c.touch()
		return
	}
	n, err := c.readRaw(space)
	t.session.Feed(max(n, 0))
	switch err {
	case nil, errAgain:
	case io.EOF:
		t.eof = true
		t.session.FeedEOF()
		c.flags |= connFull
		c.touch()
	default:
		t.fail(err)
	}
}

// readFailed deals with the end of the plaintext.
func (t *tlsLayer) readFailed(r *runner, err error) {
	switch {
	case err == io.EOF:
		t.conn.readEnded(r)
	case errors.Is(err, tlsengine.ErrTruncated):
		t.conn.fail(protocol.ErrConnectionLost.Because(err))
	default:
		t.fail(err)
	}
}

// fail ends the connection for a failure of TLS, when the alert that tells the peer has gone out. It does not wait long
// for a peer that does not read.
func (t *tlsLayer) fail(err error) {
	c := t.conn
	t.report(err)
	c.flags &^= connShaking
	c.flags |= connDoomed | connLosing | connLeaving | connLayerClosed
	c.touch()
	t.staged.clear(&c.loop.chunks)
	t.stopTimer()
	t.deadline = c.loop.CallLater(flushGrace, func() { c.fail(c.reason) })
}

// report makes err the reason of the loss, which nobody but the log is told if the connection has no protocol yet.
func (t *tlsLayer) report(err error) {
	c := t.conn
	c.reason = protocol.ErrTLS.Because(err)
	if c.flags&connOpened == 0 {
		c.loop.reactor.log.Debug("a TLS handshake failed", "conn", c.id, "peer", c.peer.String(), "error", err)
	}
}

// write implements [layer]. What fills whole records is encrypted where it is; the rest is staged.
func (t *tlsLayer) write(p []byte) {
	stock := &t.conn.loop.chunks
	if t.session.Established() && t.staged.size+len(p) > recordSize {
		t.flush()
		for len(p) >= recordSize && t.conn.flags&connOver == 0 {
			t.encrypt(p[:recordSize])
			p = p[recordSize:]
		}
	}
	if t.conn.flags&connOver == 0 {
		t.staged.append(p, stock)
	}
}

// flush implements [layer].
func (t *tlsLayer) flush() {
	if !t.session.Established() {
		return
	}
	for t.staged.size > 0 {
		first := t.staged.first
		n := first.end - first.start
		t.encrypt(first.data[first.start:first.end])
		if t.conn.flags&connOver != 0 {
			return // and nothing is staged
		}
		t.staged.consume(n, &t.conn.loop.chunks)
	}
}

func (t *tlsLayer) encrypt(p []byte) {
	if err := t.session.Write(p); err != nil && t.conn.flags&connOver == 0 {
		t.fail(err)
	}
}

// buffered implements [layer].
func (t *tlsLayer) buffered() int { return t.staged.size }

// holds implements [layer].
func (t *tlsLayer) holds() bool { return t.more }

// closeWrite implements [layer].
func (t *tlsLayer) closeWrite() { t.session.CloseWrite() }

// ended implements [layer].
func (t *tlsLayer) ended() {
	t.session.Abandon()
	t.staged.clear(&t.conn.loop.chunks)
	t.stopTimer()
}

func (t *tlsLayer) stopTimer() {
	if t.deadline != nil && t.deadline.Active() {
		_ = t.deadline.Cancel() // an active timer can be cancelled
	}
	t.deadline = nil
}

// info implements [layer].
func (t *tlsLayer) info() (protocol.TLSInfo, bool) {
	if !t.session.Established() {
		return protocol.TLSInfo{}, false
	}
	return t.session.Info(), true
}
