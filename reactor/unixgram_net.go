//go:build unix

package reactor

import (
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// unixConn is the packetConn of UNIX sockets.
type unixConn struct{ *net.UnixConn }

var _ packetConn = unixConn{}

// openUNIXConn opens a UNIX socket for datagrams.
func openUNIXConn(o packetOptions) (packetConn, error) {
	var own *net.UnixAddr
	if o.bindName != "" {
		own = &net.UnixAddr{Name: o.bindName, Net: "unixgram"}
	}
	if o.peerName == "" {
		conn, err := net.ListenUnixgram("unixgram", own)
		return unixConn{conn}, err
	}
	conn, err := net.DialUnix("unixgram", own, &net.UnixAddr{Name: o.peerName, Net: "unixgram"})
	if err != nil && isBindError(err) {
		err = bindFailed(o.peerName, err)
	}
	return unixConn{conn}, err
}

func (c unixConn) receive(p []byte) (n int, from netip.AddrPort, name string, err error) {
	n, _, flags, address, err := c.ReadMsgUnix(p, nil)
	if flags&unix.MSG_TRUNC != 0 {
		n = maxDatagram + 1
	}
	if address != nil {
		name = unixAddress(address.Name).Name
	}
	return n, from, name, err
}

func (c unixConn) sendTo(p []byte, _ netip.AddrPort, name string) error {
	return c.send(p, &unix.SockaddrUnix{Name: name})
}

// Write implements [net.Conn].
func (c unixConn) Write(p []byte) (int, error) { return len(p), c.send(p, nil) }

// send does not wait for the receiver to have room, as package net would: what it has no room for is dropped.
func (c unixConn) send(p []byte, to unix.Sockaddr) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Write(func(fd uintptr) bool {
		failure = unix.Sendto(int(fd), p, unix.MSG_DONTWAIT, to)
		return true
	})
	switch failure {
	case unix.EAGAIN, unix.ENOBUFS:
		failure = nil
	case unix.ENOTCONN: // after the first refusal
		failure = unix.ECONNREFUSED
	}
	return errors.Join(err, os.NewSyscallError("sendto", failure))
}
