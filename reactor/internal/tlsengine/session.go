package tlsengine

import (
	"crypto/tls"
	"errors"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Owner is the connection that a session belongs to.
type Owner interface {
	// Ciphertext takes bytes that are to be sent to the peer. It is called on the loop, from inside the session's
	// methods. p is valid until it returns; all of it must be taken.
	Ciphertext(p []byte)
	// Wake asks for Step to be called on the loop, soon. It is called on any goroutine, at most once until Step is
	// called, and never after Abandon has returned.
	Wake()
	// Host and Peer are what [tls.ClientHelloInfo] and its like show to callbacks of the configuration. They are
	// called on the handshake's goroutine.
	Host() protocol.Address
	Peer() protocol.Address
}

// Errors with which a session ends, besides those of crypto/tls and io.EOF, which stands for the peer's close_notify.
var (
	// ErrTruncated is an end of the ciphertext without a close_notify: bytes may have been cut off by an attacker.
	ErrTruncated = errors.New("TLS stream ends without close_notify")
	// ErrHandshakeEOF is an end of the ciphertext before the handshake was complete.
	ErrHandshakeEOF = errors.New("peer closed the connection during the TLS handshake")
	// ErrCrowdedOut ends a handshake whose peer kept it waiting while others had no place in the pool.
	ErrCrowdedOut = errors.New("TLS handshake was too slow while others were waiting")
)

// Session is one side of one TLS connection.
type Session struct {
	conn    *tls.Conn
	owner   Owner
	buffers *Buffers
	hs      *handshake // nil once the handshake is over

	records records
	counted bool // records.whole is right: what the handshake has left is read
	dry     bool // crypto/tls has no whole record, and is not to be asked before it is fed
	within  bool // it may hold plaintext of a record that it has decrypted

	space []byte // the buffer given out by Space, or one of which in is a part
	in    []byte // ciphertext that crypto/tls has not asked for yet (records phase)
	eof   bool   // no ciphertext follows in
	err   error  // why nothing more can be read

	closed    bool // CloseWrite was called
	abandoned bool
}

// NewServer returns the server's side. cfg comes from [ServerConfig]. The handshake begins with the first record that
// is fed.
func NewServer(cfg *tls.Config, pool *Pool, buffers *Buffers, owner Owner) *Session {
	s := newSession(pool, buffers, owner)
	s.conn = tls.Server((*wire)(s), cfg)
	return s
}

// NewClient returns the client's side. cfg comes from [ClientConfig]. The handshake begins at once.
func NewClient(cfg *tls.Config, pool *Pool, buffers *Buffers, owner Owner) *Session {
	s := newSession(pool, buffers, owner)
	s.conn = tls.Client((*wire)(s), cfg)
	s.hs.start()
	return s
}

func newSession(pool *Pool, buffers *Buffers, owner Owner) *Session {
	s := &Session{owner: owner, buffers: buffers}
	s.hs = newHandshake(s, pool)
	return s
}

// Established reports whether the handshake is complete: Step has returned true.
func (s *Session) Established() bool { return s.hs == nil }

// Step takes over what the handshake did since the last call, and hands out its ciphertext. done is true once the
// handshake is complete; the caller then reads at once, because plaintext may have arrived with the last message of the
// handshake. An error is the handshake's: the session is of no more use. An alert for the peer has been handed out.
func (s *Session) Step() (done bool, err error) {
	if s.hs == nil || s.abandoned {
		return s.hs == nil, s.err
	}
	state := s.hs.take()
	if len(state.out) > 0 {
		s.owner.Ciphertext(state.out)
	}
	if state.err != nil || !state.finished || s.abandoned {
		s.err = state.err
		return false, s.err
	}
	s.hs = nil
	s.in, s.eof = state.rest, state.eof
	return true, nil
}

// Space returns a buffer for ciphertext, to be given back by Feed before anything else is done with the session. It is
// nil if there is no room: the caller stops reading from its socket until it is woken (during the handshake) or has
// read the session empty (after it).
func (s *Session) Space() []byte {
	room := MaxFeed
	switch {
	case s.abandoned || len(s.in) > 0:
		return nil
	case s.hs != nil:
		if room = s.hs.room(); room == 0 {
			return nil
		}
	}
	s.space = s.buffers.get()
	return s.space[:room]
}

// Feed gives the session the first n bytes of what Space returned.
func (s *Session) Feed(n int) {
	s.records.fed(s.space[:n])
	s.dry = false
	if s.hs != nil {
		if n > 0 {
			s.hs.feed(s.space[:n])
		}
		n = 0
	}
	if s.in = s.space[:n]; n == 0 {
		s.release()
	}
}

// FeedEOF says that the peer has ended the stream of ciphertext.
func (s *Session) FeedEOF() {
	if s.hs != nil {
		s.hs.feedEOF()
		return
	}
	s.eof, s.dry = true, false
}

// Read fills dst with plaintext as far as the ciphertext at hand goes; if it fills less than all of dst, there is no more
// until the next Feed. The error, which comes when there is no plaintext left and stays, is io.EOF after a close_notify,
// [ErrTruncated] at an end of the ciphertext without one, or says what was wrong with a record; an alert for the peer
// has then been handed out.
func (s *Session) Read(dst []byte) (n int, err error) {
	if s.hs != nil {
		return 0, s.err
	}
	for n < len(dst) && s.err == nil && !s.abandoned && !s.dry {
		m, err := s.conn.Read(dst[n:])
		n += m
		if errors.Is(err, errWouldBlock) {
			s.records.whole, s.within, s.dry, s.counted = 0, false, true, true
			break
		}
		s.err = err
		s.decrypted(n == len(dst))
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// decrypted notes that crypto/tls has returned plaintext: that of one more record, unless it was the rest of the last
// one. Records that hold none make for a question too many.
func (s *Session) decrypted(full bool) {
	if !s.within {
		s.records.whole--
	}
	s.within = full
	s.dry = s.counted && !full && s.records.whole <= 0 && len(s.in) == 0 && !s.eof
}

// Ended reports whether Read will fail when there is no plaintext left.
func (s *Session) Ended() bool { return s.err != nil }

// Write encrypts p, whole, and hands the records out. To keep records few, small pieces should be gathered before. It
// fails before the handshake is complete, after CloseWrite, and after a fatal alert.
func (s *Session) Write(p []byte) error {
	if s.hs != nil || s.closed || s.abandoned {
		return protocol.ErrClosed
	}
	_, err := s.conn.Write(p)
	return err
}

// CloseWrite sends close_notify, if the handshake is complete. Reading goes on. Calling it again does nothing.
func (s *Session) CloseWrite() {
	if s.hs != nil || s.closed || s.abandoned {
		return
	}
	s.closed = true
	// It can only fail after a fatal alert, which has ended the stream already.
	_ = s.conn.CloseWrite()
}

// Abandon gives up a session in any state: a handshake under way ends, and Wake is not called any more. It must be
// called in the end for every session. Calling it again does nothing.
func (s *Session) Abandon() {
	if s.abandoned {
		return
	}
	s.abandoned = true
	if s.hs != nil {
		s.hs.abandon()
	}
	s.release()
}

// release drops what was fed.
func (s *Session) release() {
	if s.space != nil {
		s.buffers.put(s.space)
	}
	s.in, s.space = nil, nil
}

// Info describes the session once it is established. It makes a copy on each call.
func (s *Session) Info() protocol.TLSInfo {
	state := s.conn.ConnectionState()
	info := protocol.TLSInfo{
		ALPN:         state.NegotiatedProtocol,
		ServerName:   state.ServerName,
		Version:      tls.VersionName(state.Version),
		CipherSuite:  tls.CipherSuiteName(state.CipherSuite),
		PeerVerified: len(state.VerifiedChains) > 0,
	}
	if len(state.PeerCertificates) > 0 {
		info.PeerCertificate = state.PeerCertificates[0].Raw
	}
	return info
}
