//go:build wasip1

package net

import (
	"context"
	"net"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/blocking"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Conn is a connection: what Accept and Dial return. Beside the methods of net.Conn it has CloseWrite, Abort, SetNoDelay,
// SetKeepAlive, and Transport for TLS and credentials.
type Conn = blocking.Conn

// PacketConn is a datagram port.
type PacketConn = blocking.PacketConn

// loop is the instance as the place where connections are opened.
type loop struct{ protocol.Reactor }

// Do implements [blocking.Loop]. While the service starts it waits for the instance's first event.
func (loop) Do(f func()) {
	done := make(chan struct{})
	wasmnet.CallWhenRunning(func() {
		f()
		close(done)
	})
	<-done
}

var theLoop = loop{wasmnet.Reactor()}

// Listener returns the listener at which the connections of the service arrive: those to the endpoints that the operator
// opened. There is one, whose address is not known to the guest; that of each connection is.
func Listener() net.Listener { return service }

// AcceptPacket waits for the next datagram port that the operator opened for the service, and returns it.
func AcceptPacket() (*PacketConn, error) { return ports.accept() }

// Listen opens a port of this guest's own, as net.Listen does. network is "tcp", "tcp4", "tcp6" or "unix". It needs the
// grant "listen".
func Listen(network, address string) (net.Listener, error) {
	l, err := blocking.Listen(theLoop, network, address)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// ListenPacket opens a datagram port of this guest's own, as net.ListenPacket does. network is "udp", "udp4" or "udp6". It
// needs the grant "listen".
func ListenPacket(network, address string) (net.PacketConn, error) {
	c, err := blocking.ListenPacket(theLoop, network, address)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Dial is DialContext without a limit of its own.
func Dial(network, address string) (net.Conn, error) {
	return DialContext(context.Background(), network, address)
}

// DialContext connects as net.Dialer.DialContext does. network is "tcp", "udp" with or without "4" or "6", "unix", or
// "tls", which is TLS over TCP made by the host. Names are resolved by the host. It needs the grant "dial".
func DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return blocking.Dial(ctx, theLoop, network, address)
}

// DialTLSContext connects with TLS made by the host, which verifies the server's name against the operator's roots. It
// fits http.Transport.
func DialTLSContext(ctx context.Context, _, address string) (net.Conn, error) {
	return blocking.Dial(ctx, theLoop, "tls", address)
}

// LookupHost resolves a name, as net.Resolver.LookupHost does. It needs the grant "resolve".
func LookupHost(ctx context.Context, host string) ([]string, error) {
	return blocking.LookupHost(ctx, theLoop, host)
}
