package reactor

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// netPacket makes a blocking socket look like a non-blocking one. One goroutine reads ahead, a batch at most; another
// one lives while there is something to be written. Both leave word in the loop's inbox.
type netPacket struct {
	conn      packetConn
	connected bool
	four      *ipv4.PacketConn // of the two, the one of the UDP socket's family
	six       *ipv6.PacketConn
	room      *sync.Cond // of mu: the batch was taken, or the socket was closed

	mu      sync.Mutex
	loop    *Loop
	key     key
	wanted  bool
	reading bool
	in      *datagrams
	inErr   error
	out     []netDatagram
	outSize int
	outErr  sendError
	closed  bool
}

// netDatagram waits for the writing goroutine.
type netDatagram struct {
	payload []byte
	to      netip.AddrPort
	name    string
	set     func() error // nil; or an option for what follows, and there is no datagram
}

// maxNetOut is how many bytes may wait for the writing goroutine; what is beyond is dropped.
const maxNetOut = 256 << 10

var _ packetSocket = (*netPacket)(nil)

func (netBackend) packet(o packetOptions) (packetSocket, error) {
	s := &netPacket{connected: o.peer.IsValid(), in: newDatagrams()}
	s.room = sync.NewCond(&s.mu)
	if o.unix {
		var err error
		s.conn, err = openUNIXConn(o)
		s.connected = o.peerName != ""
		return s, err
	}
	is4 := o.peer.Addr().Is4() || o.bind.Addr().Is4()
	network := "udp6"
	if is4 {
		network = "udp4"
	}
	control := packetControl(is4, o.shared)
	var conn *net.UDPConn
	var err error
	if s.connected {
		conn, err = dialUDP(network, o, control)
	} else {
		conn, err = listenUDP(network, o, control)
	}
	if err != nil {
		return nil, err
	}
	s.conn = udpConn{conn}
	if is4 {
		s.four = ipv4.NewPacketConn(conn)
	} else {
		s.six = ipv6.NewPacketConn(conn)
	}
	return s, nil
}

type controlFunc = func(network, address string, raw syscall.RawConn) error

func listenUDP(network string, o packetOptions, control controlFunc) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: control}
	conn, err := config.ListenPacket(context.Background(), network, o.bind.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func dialUDP(network string, o packetOptions, control controlFunc) (*net.UDPConn, error) {
	dialer := net.Dialer{Control: control}
	if o.bind.IsValid() {
		dialer.LocalAddr = net.UDPAddrFromAddrPort(o.bind)
	}
	conn, err := dialer.Dial(network, o.peer.String())
	if err != nil {
		if o.bind.IsValid() && isBindError(err) {
			return nil, protocol.ErrConnectBind.Because(err)
		}
		return nil, err
	}
	return conn.(*net.UDPConn), nil
}

func (s *netPacket) localAddr() netip.AddrPort {
	udp, ok := s.conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := udp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

func (s *netPacket) attach(l *Loop, h handler) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loop, s.key = l, l.slots.take(h)
	return nil
}

func (s *netPacket) eventKey() key { return s.key }

func (s *netPacket) want(on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = on
	if on && !s.reading {
		s.reading = true
		s.loop.reactor.spawn(s.readAhead)
	}
	s.tell()
	return nil
}

// tell has the loop told that there is something to receive. mu is held.
func (s *netPacket) tell() {
	if s.wanted && !s.closed && (s.in.n > 0 || s.inErr != nil) {
		s.loop.notify(s.key, interestRead)
	}
}

func (s *netPacket) readAhead() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, name, err := s.conn.receive(buf)
		s.mu.Lock()
		for !s.closed && (s.in.n == maxBatch || s.inErr != nil) {
			s.room.Wait()
		}
		if s.closed {
			s.mu.Unlock()
			return
		}
		if err != nil {
			s.inErr = err
		} else {
			i := s.in.n
			copy(s.in.slot(i), buf[:min(n, len(buf))])
			s.in.from[i], s.in.names[i], s.in.size[i] = from, name, n
			s.in.n++
		}
		s.tell()
		s.mu.Unlock()
	}
}

func (s *netPacket) receive(b *datagrams) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.in.n == 0 {
		err := s.inErr
		if err == nil {
			return errAgain
		}
		s.inErr = nil
		s.room.Signal()
		return err
	}
	for i := range s.in.n {
		copy(b.slot(i), s.in.slot(i)[:min(s.in.size[i], maxDatagram)])
		b.from[i], b.names[i], b.size[i] = s.in.from[i], s.in.names[i], s.in.size[i]
	}
	b.n, s.in.n = s.in.n, 0
	s.room.Signal()
	s.tell()
	return nil
}

func (s *netPacket) send(o *outgoing) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.outErr.take(o.to[o.at], o.names[o.at]); err != nil {
		return 0, err
	}
	idle := len(s.out) == 0
	sent := 0
	for i := o.at; i < o.n; i++ {
		p := o.payload(i)
		if s.outSize+len(p) > maxNetOut {
			break
		}
		s.out = append(s.out, netDatagram{slices.Clone(p), o.to[i], o.names[i], nil})
		s.outSize += len(p)
		sent++
	}
	if sent == 0 {
		return 0, errAgain
	}
	if idle {
		o.port.loop.reactor.spawn(s.writeOut)
	}
	return sent, nil
}

// writeOut writes until nothing is left. A datagram leaves the list when it has gone out.
func (s *netPacket) writeOut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.out) > 0 {
		d := s.out[0]
		s.mu.Unlock()
		var err error
		switch {
		case d.set != nil:
			err = d.set()
		case s.connected:
			_, err = s.conn.Write(d.payload)
		default:
			err = s.conn.sendTo(d.payload, d.to, d.name)
		}
		s.mu.Lock()
		switch {
		case err != nil && (d.set != nil || isRefused(err) && s.connected):
			if s.inErr == nil {
				s.inErr = err
				s.tell()
			}
		case err != nil:
			s.outErr = sendError{err, d.to, d.name}
		}
		s.out[0] = netDatagram{}
		s.out = s.out[1:]
		s.outSize -= len(d.payload)
	}
	s.out = nil
	if s.closed {
		s.conn.Close()
	}
}

func (s *netPacket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if len(s.out) == 0 {
		s.conn.Close() // else writeOut does it
	}
	s.room.Signal()
	if s.loop != nil {
		s.loop.slots.release(s.key)
	}
}
