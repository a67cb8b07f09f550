package reactortest

import (
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Pair is two protocols that are connected to each other, and the reactor that carries their bytes.
type Pair struct {
	*Reactor
	// Client and Server are the two ends, as their protocols' transports.
	Client, Server *Conn
}

// NewPair connects two protocols in a reactor of their own.
func NewPair(client, server protocol.Protocol) *Pair { return NewReactor().Join(client, server) }

// Join connects two protocols, whose ConnectionMade is called at once: the server's first.
func (r *Reactor) Join(client, server protocol.Protocol) *Pair {
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	c, s := r.join(client, server,
		protocol.TCPAddress{AddrPort: r.local(loopback)}, protocol.TCPAddress{AddrPort: r.local(loopback)})
	s.begin()
	c.begin()
	return &Pair{Reactor: r, Client: c, Server: s}
}

// Recorder is a protocol that keeps what happens to it, for the other end of a connection (Twisted's
// AccumulatingProtocol).
type Recorder struct {
	protocol.Base
	Received []byte // and not taken yet
	Reason   error  // of ConnectionLost; nil before
}

// DataReceived keeps data.
func (p *Recorder) DataReceived(data []byte) { p.Received = append(p.Received, data...) }

// ConnectionLost keeps reason.
func (p *Recorder) ConnectionLost(reason error) { p.Reason = reason }

// Take returns what was received since the last Take.
func (p *Recorder) Take() string {
	s := string(p.Received)
	p.Received = p.Received[:0]
	return s
}
