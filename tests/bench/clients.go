//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"time"
)

// dial connects, and gives the connection as long as a unit of work may take for all that it is to do. A client whose
// connection stays takes that deadline away again: see keep.
func dial(addr string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		c.Close()
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// keep takes the deadline away: the connection is closed by drive if it hangs, which costs nothing for each unit.
func keep(c net.Conn) error { return c.SetDeadline(time.Time{}) }

// message is what clients send and want back.
func message(size int) []byte { return bytes.Repeat([]byte("wasmnet!"), size/8+1)[:size] }

// pingPong makes one connection on which a unit is: send size bytes, read them back, compare.
func pingPong(addr string, size int) (unit func() error, closeIt func(), err error) {
	return connected(addr, func(c net.Conn) func() error {
		out, in := message(size), make([]byte, size)
		return func() error { return roundTrip(c, out, in, out) }
	})
}

// connected makes one connection that stays, with its unit of work.
func connected(addr string, unitOf func(net.Conn) func() error) (unit func() error, closeIt func(), err error) {
	c, err := dial(addr)
	if err != nil {
		return nil, nil, err
	}
	return unitOf(c), func() { c.Close() }, keep(c)
}

// tlsPingPong is pingPong over TLS. Closing is a reset, as in connectEchoClose.
func tlsPingPong(addr string, size int) (unit func() error, closeIt func(), err error) {
	c, closeIt, err := dialTLS(addr)
	if err != nil {
		return nil, nil, err
	}
	out, in := message(size), make([]byte, size)
	return func() error { return roundTrip(c, out, in, out) }, closeIt, keep(c)
}

// dialTLS is dial and a handshake.
func dialTLS(addr string) (c *tls.Conn, closeIt func(), err error) {
	plain, err := dial(addr)
	if err != nil {
		return nil, nil, err
	}
	c = tls.Client(plain, clientTLS)
	if err := c.Handshake(); err != nil {
		plain.Close()
		return nil, nil, err
	}
	return c, func() { _ = plain.SetLinger(0); plain.Close() }, nil
}

var errDiffers = errors.New("the echo differs from what was sent")

// roundTrip sends out and wants want back, which is read into in.
func roundTrip(c net.Conn, out, in, want []byte) error {
	if _, err := c.Write(out); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, in); err != nil {
		return err
	}
	if !bytes.Equal(in, want) {
		return errDiffers
	}
	return nil
}

// connectEchoClose is a unit of work of its own: a new connection, one echo, close.
func connectEchoClose(addr string, size int) (unit func() error, closeIt func(), err error) {
	out, in := message(size), make([]byte, size)
	return onceConnected(addr, func(c net.Conn) error { return roundTrip(c, out, in, out) })
}

// onceConnected has a connection of its own for each unit of work.
func onceConnected(addr string, work func(net.Conn) error) (unit func() error, closeIt func(), err error) {
	return func() error {
		c, err := dial(addr)
		if err != nil {
			return err
		}
		// A reset frees the port at once: tens of thousands of connections would leave none in TIME_WAIT.
		defer func() { _ = c.SetLinger(0); c.Close() }()
		return work(c)
	}, func() {}, nil
}
