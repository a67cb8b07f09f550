package reactor

import (
	"net"
	"net/netip"
)

// A packetSocket is a UDP socket, or a UNIX socket for datagrams. It is used on its loop only, and no method blocks.
type packetSocket interface {
	localAddr() netip.AddrPort
	// attach has l's loop tell h when there is something to receive, once want is on.
	attach(l *Loop, h handler) error
	want(on bool) error
	// eventKey is what the events of an attached socket carry.
	eventKey() key
	// receive fills b, which is empty. It fails with errAgain if nothing is there; any other error is that of a
	// datagram sent before.
	receive(b *datagrams) error
	// send sends the datagrams of o from the one at o.at, and returns how many went out. The error is that of the
	// next one, or of one sent before: errAgain if there is no room.
	send(o *outgoing) (int, error)
	groupOptions
	close()
}

// groupOptions are the options for multicast. A nil interface is the system's choice.
type groupOptions interface {
	joinGroup(group netip.Addr, on *net.Interface) error
	leaveGroup(group netip.Addr, on *net.Interface) error
	setMulticastTTL(hops int) error
	setMulticastLoopback(on bool) error
	setMulticastInterface(on *net.Interface) error
}

// packetOptions are those of one socket.
type packetOptions struct {
	bind   netip.AddrPort // the zero value: the system chooses
	peer   netip.AddrPort // to be connected to, unless it is the zero value
	shared bool           // other sockets may be bound to the same address

	unix     bool   // a UNIX socket, of which bind and peer are the names that follow
	bindName string // empty: none
	peerName string // empty: it is not connected
}

const (
	// maxBatch is how many datagrams are received or sent with one system call.
	maxBatch = 16
	// maxDatagram holds every UDP datagram, and is the longest one of UNIX sockets.
	maxDatagram = 64 << 10
	// maxPayload4 and maxPayload6 are the largest payloads over IPv4 and IPv6.
	maxPayload4 = 1<<16 - 1 - 20 - 8
	maxPayload6 = 1<<16 - 1 - 8
	// stagedBytes is how much is gathered for one system call.
	stagedBytes = 64 << 10
)

// datagrams are what one system call has received.
type datagrams struct {
	n, at  int // at: the next to be delivered
	from   [maxBatch]netip.AddrPort
	names  [maxBatch]string // of senders that are UNIX sockets, instead of from
	size   [maxBatch]int    // more than maxDatagram: it was longer than that, and is not all there
	arena  []byte           // maxBatch pieces of maxDatagram bytes, of which the system maps what is used
	vector packetVector
	// kept says that a callback that has left the loop may still read the arena.
	kept bool
}

func newDatagrams() *datagrams { return &datagrams{arena: make([]byte, maxBatch*maxDatagram)} }

// slot is where the i-th datagram goes.
func (b *datagrams) slot(i int) []byte { return b.arena[i*maxDatagram : (i+1)*maxDatagram] }

// outgoing are datagrams that one port has written and that have not gone out yet.
type outgoing struct {
	port   *DatagramPort
	n, at  int
	to     [maxBatch]netip.AddrPort // the zero value: the connected peer
	names  [maxBatch]string         // of receivers that are UNIX sockets, instead of to
	end    [maxBatch]int            // of each datagram, in arena
	arena  []byte
	vector packetVector
}

// add gathers a datagram. It returns false if there is no room.
func (o *outgoing) add(p []byte, to netip.AddrPort, name string) bool {
	if o.n == maxBatch || o.n > 0 && len(o.arena)+len(p) > stagedBytes {
		return false
	}
	o.arena = append(o.arena, p...)
	o.to[o.n], o.names[o.n], o.end[o.n] = to, name, len(o.arena)
	o.n++
	return true
}

// payload is the i-th datagram.
func (o *outgoing) payload(i int) []byte {
	start := 0
	if i > 0 {
		start = o.end[i-1]
	}
	return o.arena[start:o.end[i]]
}

func (o *outgoing) reset() {
	o.port, o.n, o.at, o.arena = nil, 0, 0, o.arena[:0]
}
