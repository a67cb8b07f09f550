package host

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagrams is a UDP port of a guest, which to the guest is a connection.
type datagrams struct {
	inst   *instance // nil once it has ended
	handle int32
	served *servedPort // nil: the guest opened it
	port   protocol.Port
	t      protocol.DatagramTransport // nil until it can be used
	host   string                     // that was dialled; empty: it listens
	text   string
	heard  map[netip.AddrPort]struct{} // who has sent to an unconnected port, and may be answered
	from   netip.AddrPort              // of the last datagram
	sender []byte                      // from as text, for the guest to answer to
	closed bool
	in     uint64
	out    uint64
}

var (
	_ protocol.DatagramProtocol  = (*datagrams)(nil)
	_ protocol.ConnectionRefuser = (*datagrams)(nil)
	_ reactor.AddressChecker     = (*datagrams)(nil)
	_ describer                  = (*datagrams)(nil)
)

// maxHeard bounds how many senders a port remembers; beyond it a random one is forgotten.
const maxHeard = 4096

func (i *instance) connectUDP(e *endpoint.Client) (int32, abi.Code) {
	if !i.svc.grants.mayDial("udp", e.Host, uint16(e.Port)) {
		i.svc.denied(i, "dial", e.Text, patternOf(e, "udp"))
		return 0, abi.Denied
	}
	return i.openUDP(e.Text, e.Host, i.shard.loop.ConnectUDP)
}

func (i *instance) listenUDP(e *endpoint.Server) (int32, abi.Code) {
	return i.openUDP(e.Text, "", i.shard.loop.ListenUDP)
}

func (i *instance) openUDP(text, host string, open func(string, protocol.DatagramProtocol) (protocol.Port, error)) (int32, abi.Code) {
	d := &datagrams{inst: i, text: text, host: host, heard: map[netip.AddrPort]struct{}{}}
	h, ok := i.add(d, true)
	if !ok {
		return 0, abi.Limit
	}
	d.handle = h
	port, err := open(text, d)
	if err != nil {
		i.remove(h, true)
		return 0, codeOf(err)
	}
	d.port = port
	return h, abi.OK
}

// CheckAddress is asked by the reactor about the address that a name turned out to have.
func (d *datagrams) CheckAddress(to netip.AddrPort) error {
	i := d.inst
	if i == nil {
		return protocol.ErrConnectingCancelled
	}
	if i.svc.grants.mayDialAddress("udp", d.host, to) {
		return nil
	}
	i.svc.denied(i, "dial", d.text+" ("+to.String()+")", "udp:"+to.String())
	return errors.New("no grant covers " + to.String())
}

// StartProtocol implements [protocol.DatagramProtocol].
func (d *datagrams) StartProtocol(t protocol.DatagramTransport) {
	d.t = t
	d.made()
}

func (d *datagrams) made() (here bool) {
	return d.deliver(func(i *instance) bool { return i.call(abi.ConnectionMade, d.handle, 0, 0) })
}

// DatagramReceived implements [protocol.DatagramProtocol]. A datagram that finds the instance busy, or that does not
// fit, is dropped, as the network may drop it.
func (d *datagrams) DatagramReceived(p []byte, from netip.AddrPort) {
	i := d.inst
	switch {
	case i == nil || i.end != nil:
		return
	case i.running:
		i.shard.tally.Dropped++
		return
	case !i.exports(abi.DatagramReceived):
		return
	}
	buf := i.receiveBuffer()
	if d.from != from {
		d.from, d.sender = from, from.AppendTo(d.sender[:0])
	}
	if len(p)+len(d.sender) > len(buf) {
		i.shard.tally.Dropped++
		return
	}
	d.in += uint64(len(p))
	if _, connected := d.t.Peer(); !connected {
		d.remember(from)
	}
	n := copy(buf, p)
	m := copy(buf[n:], d.sender)
	i.call(abi.DatagramReceived, d.handle, int32(n), int32(m))
}

func (d *datagrams) remember(from netip.AddrPort) {
	if _, known := d.heard[from]; known {
		return
	}
	if len(d.heard) >= maxHeard {
		for old := range d.heard {
			delete(d.heard, old)
			break
		}
	}
	d.heard[from] = struct{}{}
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
		return "udp", abi.OK
	case abi.InfoEndpoint:
		return d.text, abi.OK
	case abi.InfoBytesIn:
		return strconv.FormatUint(d.in, 10), abi.OK
	case abi.InfoBytesOut:
		return strconv.FormatUint(d.out, 10), abi.OK
	case abi.InfoHost:
		return addressText(d.port.Host()), abi.OK
	case abi.InfoPeer:
		if d.t != nil {
			if peer, ok := d.t.Peer(); ok {
				return peer.String(), abi.OK
			}
		}
	}
	return absent(key)
}

// maxAddress is the longest text of an address and port.
const maxAddress = 64

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
	case len(to) > maxAddress:
		ret(s, abi.Invalid)
		return
	}
	i.chargeBytes(s[2])
	ret(s, d.send(i, p, to))
}

func (d *datagrams) send(i *instance, p, text []byte) abi.Code {
	_, connected := d.t.Peer()
	if connected == (len(text) > 0) {
		return abi.Invalid
	}
	var err error
	switch {
	case connected:
		err = d.t.Write(p)
	case bytes.Equal(text, d.sender): // most datagrams are answered before the next one comes
		err = d.t.WriteTo(p, d.from)
	default:
		to, perr := netip.ParseAddrPort(string(text))
		if perr != nil {
			return abi.Invalid
		}
		if _, known := d.heard[to]; !known && !i.svc.grants.mayDialAddress("udp", to.Addr().String(), to) {
			i.svc.denied(i, "dial", "udp:"+to.String(), "udp:"+to.String())
			return abi.Denied
		}
		err = d.t.WriteTo(p, to)
	}
	if err == nil {
		d.out += uint64(len(p))
	}
	return codeOf(err)
}
