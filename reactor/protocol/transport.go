package protocol

// Transport is the protocol's side of a connection. It is used on the connection's loop only, and its methods never
// block and never deliver an event before they return.
type Transport interface {
	// Write queues p and returns len(p) and nil; p may be reused at once. What one event writes goes out together
	// when it ends. Once LoseConnection, LoseWriteConnection or AbortConnection was called, or the connection is
	// lost, the bytes are dropped and the error is [ErrClosed]; only while a producer is registered are they taken
	// after a Lose, which waits for it. Output beyond the hard cap aborts the connection with [ErrLimit].
	Write(p []byte) (int, error)

	// LoseConnection stops reading, flushes what was written and closes. It waits for a registered producer to
	// unregister. Calling it again does nothing.
	LoseConnection()

	// AbortConnection drops output and resets the connection. ConnectionLost([ErrConnectionAborted]) follows in a
	// later turn of the loop. Calling it again does nothing.
	AbortConnection()

	// LoseWriteConnection flushes what was written and closes the sending side; the peer sees end of file. It
	// waits for a registered producer to unregister.
	LoseWriteConnection()

	// PauseReading stops delivery of data until ResumeReading, so that the peer feels backpressure. A connection that
	// the peer resets meanwhile is lost at once, unless data waits that came before: that is delivered first, after
	// ResumeReading.
	PauseReading()

	// ResumeReading undoes PauseReading. On a connection that is closing it does nothing.
	ResumeReading()

	// RegisterProducer makes p the source of this transport's output. A streaming (push) producer is paused when
	// queued output rises above the high-water mark and resumed when it falls to the low-water mark; a pull
	// producer (streaming false) is resumed now and after each complete flush, and never paused. It fails with
	// [ErrProducerRegistered] if there is one already; on a lost connection it calls p.StopProducing.
	RegisterProducer(p Producer, streaming bool) error

	// UnregisterProducer forgets the producer. A close that waited for it goes on.
	UnregisterProducer()

	// Buffered is the number of bytes queued and not yet given to the kernel.
	Buffered() int

	// Disconnecting reports whether LoseConnection or AbortConnection was called. Receivers that split a chunk
	// into messages ask it between messages.
	Disconnecting() bool

	// Peer and Host are the addresses of the two ends.
	Peer() Address
	Host() Address

	// SetNoDelay and SetKeepAlive set TCP options; on other sockets they do nothing. No-delay is on from the
	// start.
	SetNoDelay(on bool)
	SetKeepAlive(on bool)

	// StartTLS upgrades the connection in place. HandshakeCompleted follows, or ConnectionLost([ErrTLS]). Bytes
	// written after it are encrypted; bytes that the peer already sent belong to the handshake. It fails with
	// [ErrClosed], [ErrTLSActive] or an error that names the option that is wrong.
	StartTLS(o TLSOptions) error

	// TLS describes the TLS session; ok is false on a connection without one or before its handshake is complete.
	TLS() (info TLSInfo, ok bool)

	// Reactor is the loop that owns the connection.
	Reactor() Reactor
}

// Producer writes to a transport at the rate the transport asks for (Twisted's IPushProducer and IPullProducer).
type Producer interface {
	// PauseProducing asks a push producer to stop writing.
	PauseProducing()
	// ResumeProducing asks a push producer to write again, or a pull producer for one more piece.
	ResumeProducing()
	// StopProducing says that the consumer is gone: produce no more.
	StopProducing()
}

// TLSOptions are what a protocol may choose when it upgrades a connection.
type TLSOptions struct {
	// Server is true for the side that presents a certificate.
	Server bool
	// ServerName is the name a client verifies and sends as SNI. Empty: the host that was dialled.
	ServerName string
	// ALPN lists application protocols in order of preference.
	ALPN []string
	// Identity names the certificate to present, out of those the operator has configured. A server's default is
	// the empty name.
	Identity string
	// ClientCertificate is what a server asks of the client. [TLSInfo] says what came of it.
	ClientCertificate ClientCertificate
}

// ClientCertificate is what a TLS server asks of its clients (Twisted's verify and requireCertificate). Whose certificates
// count is the operator's to say: natively by the identity's ClientCAs, in a guest by the service's roots for clients.
// Without them asking fails.
type ClientCertificate uint8

const (
	// ClientCertificateConfigured leaves it to the identity's configuration. In a guest none is asked for.
	ClientCertificateConfigured ClientCertificate = iota
	// ClientCertificateRequested asks for a certificate. Without one the handshake goes on, with one that does not lead
	// to the operator's roots it fails.
	ClientCertificateRequested
	// ClientCertificateRequired has the handshake fail without a certificate too.
	ClientCertificateRequired
)

// TLSInfo describes an established TLS session.
type TLSInfo struct {
	ALPN            string // negotiated application protocol, or empty
	ServerName      string // SNI: sent by a client, received by a server
	Version         string // "TLS 1.2", "TLS 1.3"
	CipherSuite     string // IANA name
	PeerCertificate []byte // leaf, DER; nil if the peer presented none. Owned by the session: read only.
	PeerVerified    bool   // the chain was verified against the configured roots
}
