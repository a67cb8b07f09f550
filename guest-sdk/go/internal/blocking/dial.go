package blocking

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Loop is where connections are opened: a reactor, and what may be done on its goroutine alone is given to Do, which
// returns when it has been done.
type Loop interface {
	protocol.Reactor
	// Do has f called between events, and waits for it.
	Do(f func())
}

// attempt is the factory of the one connection that is dialled.
type attempt struct {
	done chan struct{} // closed when conn or reason is set
	conn *Conn
	why  error
}

var _ protocol.ClientFactory = (*attempt)(nil)

// BuildProtocol implements [protocol.Factory].
func (a *attempt) BuildProtocol(protocol.Address) protocol.Protocol { return &dialled{newConn(), a} }

// dialled is a connection until it is made.
type dialled struct {
	*Conn
	attempt *attempt
}

// ConnectionMade implements [protocol.Protocol].
func (d *dialled) ConnectionMade(t protocol.Transport) {
	d.Conn.ConnectionMade(t)
	d.attempt.conn = d.Conn
	close(d.attempt.done)
}

// StartedConnecting implements [protocol.ClientFactory].
func (a *attempt) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (a *attempt) ClientConnectionFailed(_ protocol.Connector, reason error) {
	a.why = reason
	close(a.done)
}

// ClientConnectionLost implements [protocol.ClientFactory]. The connection has been told.
func (a *attempt) ClientConnectionLost(protocol.Connector, error) {}

// Dial opens a connection, as net.Dialer.DialContext does. network may also be "tls": a TLS connection whose handshake and
// verification are the host's.
func Dial(ctx context.Context, l Loop, network, address string) (net.Conn, error) {
	endpoint, err := clientEndpoint(network, address)
	if err != nil {
		return nil, endpointError("dial", network, address, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, contextError(network, address, err)
	}
	if strings.HasPrefix(endpoint, "udp:") {
		return dialPacket(l, endpoint, network, address)
	}
	a := &attempt{done: make(chan struct{})}
	var connector protocol.Connector
	l.Do(func() { connector, err = l.Connect(endpoint, a) })
	if err != nil {
		return nil, dialError(network, address, err)
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		l.Do(connector.StopConnecting)
		<-a.done
		if a.conn != nil {
			_ = a.conn.Abort() // it came too late
		}
		return nil, contextError(network, address, ctx.Err())
	}
	if a.why != nil {
		return nil, dialError(network, address, a.why)
	}
	return a.conn, nil
}

// contextError is what net.Dialer returns for a context that has ended.
func contextError(network, address string, err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return dialError(network, address, protocol.ErrTimeout.Because(err))
	}
	return dialError(network, address, protocol.ErrConnectingCancelled.Because(err))
}

func dialPacket(l Loop, endpoint, network, address string) (net.Conn, error) {
	c := NewPacketConn(nil)
	var err error
	l.Do(func() { _, err = l.ConnectUDP(endpoint, c) })
	if err == nil {
		err = c.started()
	}
	if err != nil {
		return nil, dialError(network, address, err)
	}
	return c, nil
}

// Listen opens a port for streams.
func Listen(l Loop, network, address string) (*Listener, error) {
	endpoint, err := serverEndpoint(network, address)
	if err != nil {
		return nil, endpointError("listen", network, address, err)
	}
	listener := newListener(nil, nil)
	var port protocol.Port
	l.Do(func() { port, err = l.Listen(endpoint, listener) })
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: text{network, address}, Err: lostError(err)}
	}
	listener.addr, listener.stop = netAddr(port.Host()), func() { l.CallFromThread(port.StopListening) }
	return listener, nil
}

// ListenPacket opens a datagram port.
func ListenPacket(l Loop, network, address string) (*PacketConn, error) {
	endpoint, err := serverEndpoint(network, address)
	if err == nil && !strings.HasPrefix(endpoint, "udp") {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, endpointError("listen", network, address, err)
	}
	c := NewPacketConn(nil)
	l.Do(func() { _, err = l.ListenUDP(endpoint, c) })
	if err == nil {
		err = c.started()
	}
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: text{network, address}, Err: lostError(err)}
	}
	return c, nil
}

// LookupHost returns the addresses of a host, in the order of preference.
func LookupHost(ctx context.Context, l Loop, host string) ([]string, error) {
	type answer struct {
		addresses []string
		err       error
	}
	answered := make(chan answer, 1)
	var request protocol.Request
	l.Do(func() {
		request = l.Resolve(host, func(addresses []string, err error) { answered <- answer{addresses, err} })
	})
	var a answer
	select {
	case a = <-answered:
	case <-ctx.Done():
		l.Do(request.Cancel)
		a.err = ctx.Err()
	}
	if a.err != nil {
		return nil, &net.DNSError{
			UnwrapErr: a.err, Err: a.err.Error(), Name: host,
			IsTimeout: errors.Is(a.err, context.DeadlineExceeded), IsNotFound: protocol.ReasonOf(a.err) == protocol.ErrDNSLookup,
		}
	}
	return a.addresses, nil
}
