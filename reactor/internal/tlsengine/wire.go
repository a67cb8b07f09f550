package tlsengine

import (
	"net"
	"time"
)

// wire is the net.Conn under the session's tls.Conn.
type wire Session

var _ net.Conn = (*wire)(nil)

// errWouldBlock is what crypto/tls takes as a reason to stop, and not to give up.
var errWouldBlock error = wouldBlock{}

type wouldBlock struct{}

func (wouldBlock) Error() string   { return "no more ciphertext yet" }
func (wouldBlock) Timeout() bool   { return true }
func (wouldBlock) Temporary() bool { return true }

// Read gives crypto/tls what was fed. It waits during the handshake only.
func (w *wire) Read(p []byte) (int, error) {
	if w.hs != nil {
		return w.hs.read(p)
	}
	if len(w.in) == 0 {
		if w.eof {
			return 0, ErrTruncated
		}
		return 0, errWouldBlock
	}
	n := copy(p, w.in)
	if rest := w.in[n:]; len(rest) > 0 {
		w.in = rest
	} else {
		(*Session)(w).release()
	}
	return n, nil
}

// Write takes everything: crypto/tls does not survive an error here.
func (w *wire) Write(p []byte) (int, error) {
	if w.hs != nil {
		w.hs.write(p)
	} else {
		w.owner.Ciphertext(p)
	}
	return len(p), nil
}

func (w *wire) LocalAddr() net.Addr  { return w.owner.Host() }
func (w *wire) RemoteAddr() net.Addr { return w.owner.Peer() }

// Close does nothing: the socket is the owner's.
func (w *wire) Close() error { return nil }

// Deadlines are the owner's business too. crypto/tls sets one around close_notify.
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
