//go:build wasip1

package main

import (
	"io"
	"net"

	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
)

// serveEcho sends back what it receives, and half-closes as its peer does.
func serveEcho() error { return echoes(wnet.Listener()) }

func echoes(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			if _, err := io.Copy(c, c); err == nil {
				c.(*wnet.Conn).CloseWrite()
			}
		}()
	}
}

// servePackets sends datagrams back.
func servePackets() error {
	for {
		p, err := wnet.AcceptPacket()
		if err != nil {
			return err
		}
		go echoPackets(p)
	}
}

func echoPackets(p net.PacketConn) {
	b := make([]byte, 2000)
	for {
		n, from, err := p.ReadFrom(b)
		if err != nil {
			return
		}
		p.WriteTo(b[:n], from)
	}
}
