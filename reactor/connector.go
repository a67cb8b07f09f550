package reactor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// AddressChecker is a factory that has a say in which addresses its connector dials. CheckAddress is called on the
// loop for each address, after the name has been resolved and right before it is dialled; an address it returns an
// error for is left out. If none is left the attempt fails with [protocol.ErrDenied] and that error.
type AddressChecker interface {
	CheckAddress(addr netip.AddrPort) error
}

// connector implements [protocol.Connector].
type connector struct {
	loop    *Loop
	to      *endpoint.Client
	tls     *tls.Config // nil: none
	build   protocol.Factory
	client  protocol.ClientFactory // build, if it is one
	state   connectorState
	started bool // the factory was told
	attempt *attempt
	conn    *Conn
}

type connectorState uint8

const (
	connectorIdle connectorState = iota
	connectorConnecting
	connectorConnected
)

var (
	_ protocol.Connector = (*connector)(nil)
	_ origin             = (*connector)(nil)
)

// ConnectEndpoint is Connect for an endpoint that is parsed already.
func (l *Loop) ConnectEndpoint(e *endpoint.Client, f protocol.Factory) (protocol.Connector, error) {
	switch {
	case f == nil:
		return nil, errors.New("reactor: the factory is nil")
	case e.Network != "tcp" && e.Network != "unix":
		return nil, fmt.Errorf("reactor: %s: it is not a stream endpoint; use ConnectUDP", e.Text)
	}
	if _, err := bindAddress(e); err != nil {
		return nil, fmt.Errorf("reactor: %s: %w", e.Text, err)
	}
	c := &connector{loop: l, to: e, build: f}
	if e.TLS != nil {
		var err error
		if c.tls, err = tlsengine.ClientConfig(e.TLS, e.Host); err != nil {
			return nil, fmt.Errorf("reactor: %s: %w", e.Text, err)
		}
	}
	c.client, _ = f.(protocol.ClientFactory)
	c.Connect()
	return c, nil
}

// bindAddress parses the address to connect from.
func bindAddress(e *endpoint.Client) (protocol.TCPAddress, error) {
	var a protocol.TCPAddress
	if e.BindAddress == "" {
		return a, nil
	}
	ip, err := netip.ParseAddr(e.BindAddress)
	if err != nil {
		return a, fmt.Errorf("bindAddress %q is not an IP address", e.BindAddress)
	}
	a.AddrPort = netip.AddrPortFrom(ip.Unmap(), 0)
	return a, nil
}

// Destination implements [protocol.Connector].
func (c *connector) Destination() protocol.Address {
	if c.to.Network == "unix" {
		return protocol.UNIXAddress{Name: c.to.Path}
	}
	if ip, err := netip.ParseAddr(c.to.Host); err == nil {
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip.Unmap(), uint16(c.to.Port))}
	}
	return protocol.HostnameAddress{Host: c.to.Host, Port: c.to.Port}
}

// Connect implements [protocol.Connector]. The attempt begins when the current event is over. A reactor that ends makes
// none.
func (c *connector) Connect() {
	if c.state != connectorIdle || c.loop.stopping.refuses() {
		return
	}
	c.state = connectorConnecting
	a := newAttempt(c)
	c.attempt = a
	c.loop.CallFromThread(func() { c.start(a) })
}

// start tells the factory and sets out. The factory may stop the attempt, or leave the loop, so telling comes last.
func (c *connector) start(a *attempt) {
	if a.over {
		return
	}
	if !c.started {
		if err := c.loop.reactor.factories.start(c.build); err != nil {
			a.fail(protocol.ErrDenied.Because(fmt.Errorf("the factory does not start: %w", err)))
			return
		}
		c.started = true
	}
	a.start()
	if c.client != nil {
		c.client.StartedConnecting(c)
	}
}

// StopConnecting implements [protocol.Connector].
func (c *connector) StopConnecting() {
	if c.attempt != nil {
		c.attempt.fail(protocol.ErrConnectingCancelled)
	}
}

// Disconnect implements [protocol.Connector].
func (c *connector) Disconnect() {
	switch c.state {
	case connectorConnecting:
		c.StopConnecting()
	case connectorConnected:
		c.conn.LoseConnection()
	}
}

// failed ends an attempt. The factory hears so later, and may connect again.
func (c *connector) failed(reason error) {
	c.attempt = nil
	c.conn = nil
	c.over(reason, func() { c.client.ClientConnectionFailed(c, reason) })
}

// over makes the connector idle and calls tell if there is somebody to tell. Unless it connects again the factory is
// stopped.
func (c *connector) over(reason error, tell func()) {
	c.loop.callBeforeEnd(func() {
		c.state = connectorIdle
		c.loop.callBeforeEnd(c.stopIfIdle)
		if c.client != nil {
			tell()
			return
		}
		if protocol.ReasonOf(reason) != protocol.ErrConnectionDone {
			c.loop.reactor.log.Debug("a client's factory does not hear of its failure", "endpoint", c.to.Text,
				"error", reason)
		}
	})
}

func (c *connector) stopIfIdle() {
	if c.state == connectorIdle && c.started {
		c.started = false
		c.loop.reactor.factories.stop(c.build)
	}
}

// connected goes on with the socket that an attempt ended in.
func (c *connector) connected(sock socket, peer protocol.Address) {
	c.conn = newConn(c.loop, sock, peer, c)
	c.loop.fresh.add(c.conn)
}

// opened implements [origin]: the attempt, which includes the TLS handshake, was successful.
func (c *connector) opened(*Conn) {
	c.attempt.end()
	c.attempt = nil
	c.state = connectorConnected
}

func (c *connector) factory() protocol.Factory { return c.build }

func (c *connector) proxied() bool { return false }

func (c *connector) security() (cfg *tls.Config, server bool) { return c.tls, false }

// ended implements [origin].
func (c *connector) ended(conn *Conn) {
	if conn.flags&connOpened == 0 {
		if a := c.attempt; a != nil {
			a.fail(conn.reason)
		}
		return
	}
	c.conn = nil
	c.over(conn.reason, func() { c.client.ClientConnectionLost(c, conn.reason) })
}
