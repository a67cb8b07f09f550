package reactor

import (
	"net"
	"net/netip"
)

// A packetConn is a UDP or UNIX socket of package net.
type packetConn interface {
	net.Conn
	// receive returns how long the next datagram is, or more than maxDatagram if p is shorter, and who sent it.
	receive(p []byte) (n int, from netip.AddrPort, name string, err error)
	// sendTo sends one datagram to an address or a name.
	sendTo(p []byte, to netip.AddrPort, name string) error
}

// udpConn is that of UDP.
type udpConn struct{ *net.UDPConn }

func (c udpConn) receive(p []byte) (n int, from netip.AddrPort, name string, err error) {
	n, from, err = c.ReadFromUDPAddrPort(p)
	return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), "", err
}

func (c udpConn) sendTo(p []byte, to netip.AddrPort, _ string) error {
	_, err := c.WriteToUDPAddrPort(p, to)
	return err
}
