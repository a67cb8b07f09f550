package guesttest

import (
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// Peer is the other end of a connection to a guest.
type Peer struct {
	*reactortest.Recorder // what the guest has sent, and why the connection ended
	*reactortest.Conn     // as a transport
	// Guest is the guest's end.
	Guest *reactortest.Conn

	reactor *reactortest.Reactor
}

// Connect connects a peer to the guest, and settles.
func (g *Guest) Connect() *Peer {
	r := &reactortest.Recorder{}
	pair := g.Join(r, g.Protocol())
	g.Settle()
	return &Peer{Recorder: r, Conn: pair.Client, Guest: pair.Server, reactor: g.Reactor}
}

// Send sends text to the guest and settles.
func (p *Peer) Send(text string) {
	p.Write([]byte(text)) // a connection that is closing takes nothing, as a socket would not
	p.reactor.Settle()
}

// Close closes the connection and settles.
func (p *Peer) Close() {
	p.LoseConnection()
	p.reactor.Settle()
}
