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

	in   []byte // ciphertext that crypto/tls has not asked for yet (records phase)
	lent bool   // in is the slice given to Feed
	held []byte // the buffer, from buffers, that in is part of
	eof  bool   // no ciphertext follows in
	err  error  // why nothing more can be read

	early     []byte // plaintext written before the handshake was over
	closing   bool   // CloseWrite was called
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

// Step takes over what the handshake did since the last call: it hands out its ciphertext, and once the handshake is
// complete, what was written in the meantime. done is true from the call that completed the handshake; the caller then
// reads at once, because plaintext may have arrived with the last message of the handshake. An error is the
// handshake's: the session is of no more use. An alert for the peer has been handed out.
func (s *Session) Step() (done bool, err error) {
	if s.hs == nil || s.abandoned {
		return s.hs == nil, s.err
	}
	out, rest, eof, finished, err := s.hs.take()
	if len(out) > 0 {
		s.owner.Ciphertext(out)
	}
	if err != nil {
		s.err = err
		return false, err
	}
	if !finished {
		return false, nil
	}
	s.hs = nil
	s.in, s.eof = rest, eof
	early := s.early
	s.early = nil
	if len(early) > 0 {
		s.encrypt(early)
	}
	if s.closing {
		s.sendCloseNotify()
	}
	return true, nil
}

// Room is how many bytes of ciphertext may be fed now. At 0 the caller stops reading from its socket until it is woken
// (during the handshake) or has read the session empty (after it).
func (s *Session) Room() int {
	switch {
	case s.hs != nil:
		return s.hs.room()
	case len(s.in) > 0:
		return 0
	}
	return MaxFeed
}

// Feed gives the session ciphertext, at most Room bytes. After the handshake p is only referred to and must stay as it
// is until Read has returned 0 or Keep was called.
func (s *Session) Feed(p []byte) {
	if s.hs != nil {
		s.hs.feed(p)
		return
	}
	s.in, s.lent = p, true
}

// FeedEOF says that the peer has ended the stream of ciphertext.
func (s *Session) FeedEOF() {
	if s.hs != nil {
		s.hs.feedEOF()
		return
	}
	s.eof = true
}

// Keep copies what is left of the last Feed, so that its slice can be used again. It is called when reading stops
// before Read has returned 0.
func (s *Session) Keep() {
	if len(s.in) > 0 && s.lent {
		s.held = s.buffers.get()
		s.in, s.lent = s.held[:copy(s.held, s.in)], false
	}
}

// Read fills dst with plaintext as far as the ciphertext at hand goes. n is 0 with a nil error when there is no more
// until the next Feed. The error, which stays, is io.EOF after a close_notify, [ErrTruncated] at an end of the
// ciphertext without one, or says what was wrong with a record; an alert for the peer has then been handed out.
func (s *Session) Read(dst []byte) (n int, err error) {
	if s.hs != nil {
		return 0, nil
	}
	for n < len(dst) && s.err == nil {
		m, err := s.conn.Read(dst[n:])
		n += m
		if errors.Is(err, errWouldBlock) {
			break
		}
		s.err = err
	}
	if n > 0 {
		return n, nil
	}
	return 0, s.err
}

// Write encrypts p, whole, and hands the records out; before the handshake is complete it keeps a copy instead. To
// keep records few, small pieces should be gathered before. It fails after CloseWrite and on a failed session.
func (s *Session) Write(p []byte) error {
	switch {
	case s.closing || s.abandoned:
		return protocol.ErrClosed
	case s.hs != nil:
		if s.err != nil {
			return s.err
		}
		s.early = append(s.early, p...)
		return nil
	}
	return s.encrypt(p)
}

func (s *Session) encrypt(p []byte) error {
	_, err := s.conn.Write(p)
	return err
}

// Early is the number of bytes written that wait for the handshake.
func (s *Session) Early() int { return len(s.early) }

// CloseWrite sends close_notify after everything written so far. Reading goes on. Calling it again does nothing.
func (s *Session) CloseWrite() {
	if s.closing || s.abandoned {
		return
	}
	s.closing = true
	if s.hs == nil {
		s.sendCloseNotify()
	}
}

func (s *Session) sendCloseNotify() {
	// It can only fail after a fatal alert, which has ended the stream already.
	_ = s.conn.CloseWrite()
}

// Abandon gives up a session in any state: a handshake under way ends, and Wake is not called any more. It must be
// called for every session whose handshake did not complete. Calling it again does nothing.
func (s *Session) Abandon() {
	if s.abandoned {
		return
	}
	s.abandoned = true
	s.early = nil
	if s.hs != nil {
		s.hs.abandon()
		return
	}
	s.release()
}

// release drops what was fed.
func (s *Session) release() {
	if s.held != nil {
		s.buffers.put(s.held)
	}
	s.in, s.lent, s.held = nil, false, nil
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
