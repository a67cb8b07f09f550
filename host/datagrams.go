package host

import (
	"strconv"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagrams is a datagram port of a guest, which to the guest is a connection. What depends on the kind of its addresses
// is in [udpDatagrams] and [unixDatagrams].
type datagrams struct {
	inst    *instance // nil once it has ended
	handle  int32
	served  *servedPort // nil: the guest opened it
	port    protocol.Port
	t       datagramTransport // nil until it can be used
	linked  bool              // it is connected
	network string            // as the guest is told
	text    string
	sender  []byte                      // of the last datagram, as text for the guest to answer to
	sendTo  func(p, to []byte) abi.Code // of an unconnected port
	closed  bool
	in      uint64
	out     uint64
}

// datagramTransport is what the transports of all kinds have in common.
type datagramTransport interface {
	Write(p []byte) error
	Peer() (protocol.Address, bool)
}

var (
	_ protocol.ConnectionRefuser = (*datagrams)(nil)
	_ describer                  = (*datagrams)(nil)
)

// heard is who has sent to an unconnected port, and may be answered.
type heard[A comparable] map[A]struct{}

// maxHeard bounds how many senders a port remembers; beyond it a random one is forgotten.
const maxHeard = 4096

func (h heard[A]) add(from A) {
	if _, known := h[from]; known {
		return
	}
	if len(h) >= maxHeard {
		for old := range h {
			delete(h, old)
			break
		}
	}
	h[from] = struct{}{}
}

// open gives the port its handle, and opens it with f.
func (d *datagrams) open(i *instance, f func() (protocol.Port, error)) (handle int32, err error) {
	h, ok := i.add(d, true)
	if !ok {
		return 0, abi.Limit
	}
	d.inst, d.handle = i, h
	if d.port, err = f(); err != nil {
		i.remove(h, true)
		return 0, err
	}
	return h, nil
}

// start is the port's first event.
func (d *datagrams) start(t datagramTransport) {
	d.begin(t)
	d.made()
}

func (d *datagrams) begin(t datagramTransport) {
	d.t = t
	_, d.linked = t.Peer()
}

func (d *datagrams) made() (here bool) {
	return d.deliver(func(i *instance) bool { return i.call(abi.ConnectionMade, d.handle, 0, 0) })
}

// taker is the instance, if it can take a datagram now. One that finds it busy is dropped, as the network may drop it.
func (d *datagrams) taker() *instance {
	i := d.inst
	switch {
	case i == nil || i.end != nil:
		return nil
	case i.running:
		i.shard.tally.Dropped++
		return nil
	case !i.exports(abi.DatagramReceived):
		return nil
	}
	return i
}

// fits reports whether i has room for n bytes and their sender. What does not fit is dropped.
func (d *datagrams) fits(i *instance, n int) bool {
	if n+len(d.sender) > len(i.receiveBuffer()) {
		i.shard.tally.Dropped++
		return false
	}
	return true
}

// received delivers a datagram that fits.
func (d *datagrams) received(i *instance, p []byte) {
	d.in += uint64(len(p))
	buf := i.receiveBuffer()
	n := copy(buf, p)
	m := copy(buf[n:], d.sender)
	i.call(abi.DatagramReceived, d.handle, int32(n), int32(m))
}

// ConnectionRefused implements [protocol.ConnectionRefuser]. Like a datagram, a refusal that finds the instance busy is
// dropped.
func (d *datagrams) ConnectionRefused() {
	if i := d.inst; i != nil && i.end == nil && !i.running && !d.closed && i.exports(abi.ConnectionRefused) {
		i.call(abi.ConnectionRefused, d.handle, 0, 0)
	}
}

// StopProtocol implements [protocol.DatagramProtocol].
func (d *datagrams) StopProtocol(reason error) {
	d.deliver(func(i *instance) bool {
		d.inst = nil
		i.closing = leaver{i, d}
		e := abi.ConnectionLost
		if d.t == nil {
			e = abi.ConnectFailed
		}
		return i.call(e, d.handle, int32(protocol.ReasonOf(reason)), 0)
	})
}

// close is what the guest does. A port that has not begun does not tell of its end, so this does.
func (d *datagrams) close(i *instance) {
	if d.served != nil && !d.closed {
		i.svc.log.Warn("its guest has closed a datagram port", "endpoint", d.text)
	}
	d.port.StopListening()
	if d.t == nil && !d.closed {
		i.shard.loop.CallLater(0, func() {
			if d.t == nil {
				d.StopProtocol(protocol.ErrConnectingCancelled)
			}
		})
	}
	d.closed = true
}

// leaver takes a port's handle away when its last event has returned.
type leaver struct {
	i *instance
	d *datagrams
}

func (l leaver) leave(error) {
	l.i.remove(l.d.handle, l.d.served == nil)
	if l.d.served != nil {
		l.i.conns--
	}
}

// deliver calls f when the instance can take an event.
func (d *datagrams) deliver(f func(*instance) bool) (here bool) {
	i := d.inst
	switch {
	case i == nil || i.end != nil:
		return true
	case i.running:
		i.postpone(func() bool { return d.deliver(f) })
		return true
	}
	return f(i)
}

// discard implements [resource].
func (d *datagrams) discard() {
	if d.inst == nil {
		return
	}
	d.inst = nil
	if d.served == nil {
		d.port.StopListening()
	}
}

// describe implements [describer].
func (d *datagrams) describe(key int32) (string, abi.Code) {
	switch key {
	case abi.InfoNetwork:
		return d.network, abi.OK
	case abi.InfoEndpoint:
		return d.text, abi.OK
	case abi.InfoBytesIn:
		return strconv.FormatUint(d.in, 10), abi.OK
	case abi.InfoBytesOut:
		return strconv.FormatUint(d.out, 10), abi.OK
	case abi.InfoHost:
		return addressText(d.port.Host()), abi.OK
	case abi.InfoPeer:
		if d.linked {
			peer, _ := d.t.Peer()
			return peer.String(), abi.OK
		}
	}
	return absent(key)
}

// maxAddress is the longest text of an address that a datagram is sent to: an IP address with its port, or the name of
// a UNIX socket.
const maxAddress = 108

func sendDatagram(i *instance, s []uint64) {
	p, to := i.view(s[1], s[2]), i.view(s[3], s[4])
	r, _ := i.handles.Get(int32(s[0]))
	d, ok := r.(*datagrams)
	switch {
	case !ok:
		ret(s, abi.Handle)
		return
	case d.t == nil || d.closed:
		ret(s, abi.Closed)
		return
	case len(to) > maxAddress || d.linked == (len(to) > 0):
		ret(s, abi.Invalid)
		return
	}
	i.chargeBytes(s[2])
	var c abi.Code
	if d.linked {
		c = codeOf(d.t.Write(p))
	} else {
		c = d.sendTo(p, to)
	}
	if c == abi.OK {
		d.out += uint64(len(p))
	}
	ret(s, c)
}
