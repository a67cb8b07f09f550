package reactortest

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Connector is a dialling endpoint in a Reactor's memory.
type Connector struct {
	r       *Reactor
	to      *endpoint.Client
	factory protocol.Factory
	attempt *attempt
	conn    *Conn
	using   bool // the factory has been started for it
}

// attempt is one attempt to connect.
type attempt struct {
	over    bool
	timeout protocol.DelayedCall
}

// Unreachable has attempts to connect to address, "host:port" or a path as in the endpoint string, fail with reason.
// With protocol.ErrTimeout nobody answers, and the attempt fails when its time is up; a nil reason ends that.
func (r *Reactor) Unreachable(address string, reason error) { r.fail[address] = reason }

// Connect implements protocol.Reactor, for tcp, unix, ssl and tls. Attempts begin in the next turn.
func (r *Reactor) Connect(text string, f protocol.Factory) (protocol.Connector, error) {
	to, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	return r.ConnectEndpoint(to, f)
}

// ConnectEndpoint is Connect for a string that is parsed already.
func (r *Reactor) ConnectEndpoint(to *endpoint.Client, f protocol.Factory) (protocol.Connector, error) {
	if !to.Stream() {
		return nil, fmt.Errorf("%s carries datagrams: use ConnectUDP", to.Text)
	}
	c := &Connector{r: r, to: to, factory: f}
	c.Connect()
	return c, nil
}

// Destination implements protocol.Connector.
func (c *Connector) Destination() protocol.Address {
	if c.to.Network == "unix" {
		return protocol.UNIXAddress{Name: c.to.Path}
	}
	if ip, err := netip.ParseAddr(c.to.Host); err == nil {
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, uint16(c.to.Port))}
	}
	return protocol.HostnameAddress{Host: c.to.Host, Port: c.to.Port}
}

// Connect implements protocol.Connector.
func (c *Connector) Connect() {
	if c.attempt != nil || c.conn != nil {
		return
	}
	a := &attempt{}
	c.attempt = a
	c.r.soon(func() {
		if a.over {
			return
		}
		if err := c.use(); err != nil {
			c.failed(a, protocol.ErrDenied.Because(err))
			return
		}
		a.timeout = c.r.CallLater(c.to.Timeout, func() { c.failed(a, protocol.ErrTimeout) })
		if f, ok := c.factory.(protocol.ClientFactory); ok {
			f.StartedConnecting(c)
		}
		c.r.soon(func() { c.dial(a) })
	})
}

// StopConnecting implements protocol.Connector.
func (c *Connector) StopConnecting() {
	if a := c.attempt; a != nil {
		c.r.soon(func() { c.failed(a, protocol.ErrConnectingCancelled) })
	}
}

// Disconnect implements protocol.Connector.
func (c *Connector) Disconnect() {
	c.StopConnecting()
	if c.conn != nil {
		c.conn.LoseConnection()
	}
}

func (c *Connector) dial(a *attempt) {
	if a.over {
		return
	}
	reason := c.r.fail[c.to.Address()]
	if reason == protocol.ErrTimeout {
		return
	}
	address, err := c.resolve()
	if reason == nil {
		reason = err
	}
	if reason == nil {
		reason = checkAddress(c.factory, address)
	}
	if reason != nil {
		c.failed(a, reason)
		return
	}
	port := c.r.listener(address)
	switch {
	case port == nil:
		c.failed(a, protocol.ErrConnectionRefused.Because(fmt.Errorf("nobody listens at %s", address)))
	case c.to.TLS != nil && !port.tls:
		c.failed(a, protocol.ErrTLS.Because(errors.New("the server does not speak TLS")))
	case port.tls && c.to.TLS == nil:
		c.failed(a, protocol.ErrConnectionLost.Because(errors.New("the server expects TLS")))
	default:
		c.connect(a, port, address)
	}
}

// checkAddress asks a factory, or a protocol of datagrams, that wants to know where it is about to be connected to.
func checkAddress(who any, to protocol.Address) error {
	checker, ok := who.(interface{ CheckAddress(netip.AddrPort) error })
	if !ok {
		return nil
	}
	var err error
	switch to := to.(type) {
	case protocol.TCPAddress:
		err = checker.CheckAddress(to.AddrPort)
	case protocol.UDPAddress:
		err = checker.CheckAddress(to.AddrPort)
	}
	if err != nil {
		return protocol.ErrDenied.Because(err)
	}
	return nil
}

func (c *Connector) resolve() (protocol.Address, error) {
	if c.to.Network == "unix" {
		return c.Destination(), nil
	}
	ip, err := c.r.resolveOne(c.to.Host)
	return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(ip, uint16(c.to.Port))}, err
}

func (c *Connector) connect(a *attempt, port *Port, address protocol.Address) {
	var from protocol.Address = protocol.UNIXAddress{}
	if to, ok := address.(protocol.TCPAddress); ok {
		ip := to.Addr()
		if bind, err := netip.ParseAddr(c.to.BindAddress); err == nil {
			ip = bind
		}
		from = protocol.TCPAddress{AddrPort: c.r.local(ip)}
	}
	client := c.factory.BuildProtocol(address)
	if client == nil {
		c.failed(a, protocol.ErrDenied)
		return
	}
	c.over(a)
	server := port.factory.BuildProtocol(from)
	near, far := c.r.join(client, server, from, address)
	if c.to.TLS != nil {
		info, options := &protocol.TLSInfo{
			ServerName: c.to.TLS.ServerName, Version: "TLS 1.3", CipherSuite: "TLS_AES_128_GCM_SHA256",
		}, &protocol.TLSOptions{}
		near.tls, far.tls = tlsState{options: options, info: info}, tlsState{options: options, info: info}
	}
	near.connector, c.conn = c, near
	near.begin()
	if server == nil {
		// Refused: the client finds the connection closed.
		far.lost = protocol.ErrDenied
		near.ended = true
		return
	}
	far.begin()
}

// over ends the attempt, one way or the other.
func (c *Connector) over(a *attempt) {
	a.over, c.attempt = true, nil
	if a.timeout != nil && a.timeout.Active() {
		a.timeout.Cancel()
	}
}

func (c *Connector) failed(a *attempt, reason error) {
	if a.over {
		return
	}
	c.over(a)
	if f, ok := c.factory.(protocol.ClientFactory); ok {
		f.ClientConnectionFailed(c, reason)
	}
	c.release()
}

// lost follows the protocol's ConnectionLost.
func (c *Connector) lost(reason error) {
	c.conn = nil
	if f, ok := c.factory.(protocol.ClientFactory); ok {
		f.ClientConnectionLost(c, reason)
	}
	c.release()
}

// use starts the factory for the connector.
func (c *Connector) use() error {
	if c.using {
		return nil
	}
	if err := c.r.factories.start(c.factory); err != nil {
		return err
	}
	c.using = true
	return nil
}

// release stops it, unless a new attempt has begun.
func (c *Connector) release() {
	if c.using && c.attempt == nil {
		c.using = false
		c.r.factories.stop(c.factory)
	}
}
