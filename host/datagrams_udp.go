package host

import (
	"bytes"
	"errors"
	"net/netip"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// udpDatagrams is a UDP port of a guest.
type udpDatagrams struct {
	datagrams
	udp   protocol.DatagramTransport
	host  string // that was dialled; empty: it listens
	heard heard[netip.AddrPort]
	from  netip.AddrPort // of the last datagram
}

var (
	_ protocol.DatagramProtocol = (*udpDatagrams)(nil)
	_ reactor.AddressChecker    = (*udpDatagrams)(nil)
)

func newUDPDatagrams(text, host string) *udpDatagrams {
	d := &udpDatagrams{host: host, heard: heard[netip.AddrPort]{}}
	d.network, d.text, d.datagrams.sendTo = "udp", text, d.sendTo
	return d
}

func (i *instance) connectUDP(e *endpoint.Client) (int32, abi.Code) {
	if !i.svc.grants.mayDial("udp", e.Host, uint16(e.Port)) {
		i.svc.denied(i, "dial", e.Text, patternOf(e, "udp"))
		return 0, abi.Denied
	}
	d := newUDPDatagrams(e.Text, e.Host)
	h, err := d.open(i, func() (protocol.Port, error) { return i.shard.loop.ConnectUDP(e.Text, d) })
	return h, codeOf(err)
}

func (i *instance) listenUDP(e *endpoint.Server) (int32, abi.Code) {
	d := newUDPDatagrams(e.Text, "")
	h, err := d.open(i, func() (protocol.Port, error) { return i.shard.loop.ListenUDP(e.Text, d) })
	return h, listenCode(err)
}

// CheckAddress is asked by the reactor about the address that a name turned out to have.
func (d *udpDatagrams) CheckAddress(to netip.AddrPort) error {
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
func (d *udpDatagrams) StartProtocol(t protocol.DatagramTransport) {
	d.udp = t
	d.start(t)
}

// DatagramReceived implements [protocol.DatagramProtocol].
func (d *udpDatagrams) DatagramReceived(p []byte, from netip.AddrPort) {
	i := d.taker()
	if i == nil {
		return
	}
	if d.from != from {
		d.from, d.sender = from, from.AppendTo(d.sender[:0])
	}
	if !d.fits(i, len(p)) {
		return
	}
	if !d.linked {
		d.heard.add(from)
	}
	d.received(i, p)
}

func (d *udpDatagrams) sendTo(p, text []byte) abi.Code {
	if bytes.Equal(text, d.sender) { // most datagrams are answered before the next one comes
		return codeOf(d.udp.WriteTo(p, d.from))
	}
	to, err := netip.ParseAddrPort(string(text))
	if err != nil {
		return abi.Invalid
	}
	i := d.inst
	if _, known := d.heard[to]; !known && !i.svc.grants.mayDialAddress("udp", to.Addr().String(), to) {
		i.svc.denied(i, "dial", "udp:"+to.String(), "udp:"+to.String())
		return abi.Denied
	}
	return codeOf(d.udp.WriteTo(p, to))
}
