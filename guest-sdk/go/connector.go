//go:build wasip1

package wasmnet

import (
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// connector is one dialling endpoint. It implements [protocol.Connector].
type connector struct {
	endpoint string
	factory  protocol.Factory
	started  bool                 // the factory has been started for this connector
	conn     *conn                // the attempt or connection; nil when there is none
	failing  protocol.DelayedCall // an attempt that came to nothing at once, until that is told
}

var _ protocol.Connector = (*connector)(nil)

// Connect implements [protocol.Reactor].
func (*reactor) Connect(endpoint string, f protocol.Factory) (protocol.Connector, error) {
	if !hot.running {
		return nil, fmt.Errorf("connect %s: %w", endpoint, protocol.ErrNotRunning)
	}
	if isDatagram(endpoint) {
		return nil, fmt.Errorf("connect %s: a datagram endpoint: use ConnectUDP or ConnectUNIXDatagram", endpoint)
	}
	c := &connector{endpoint: endpoint, factory: f}
	if err := c.attempt(); err != nil {
		return nil, err
	}
	return c, nil
}

// attempt dials. Only what will be wrong every time is its error; what the host refuses for now is told later, like any
// attempt that fails.
func (c *connector) attempt() error {
	if !c.started {
		if err := startFactory(c.factory); err != nil {
			return fmt.Errorf("connect %s: %w", c.endpoint, err)
		}
		c.started = true
	}
	handle := hostConnect(stringPtr(c.endpoint), int32(len(c.endpoint)))
	switch code := abi.Code(handle); {
	case handle > 0:
		c.conn = &conn{handle: handle, connector: c, factory: c.factory}
		hot.conns.put(handle, c.conn)
	case code == abi.Invalid || code == abi.Unsupported || code == abi.TooBig:
		c.rest()
		return fmt.Errorf("connect %q: not a client endpoint that can be dialled: %w", c.endpoint, code)
	default:
		c.failLater(codeError(handle))
	}
	if cf, ok := c.factory.(protocol.ClientFactory); ok {
		cf.StartedConnecting(c)
	}
	return nil
}

func (c *connector) failLater(reason error) {
	c.failing = theReactor.CallLater(0, func() {
		c.failing = nil
		c.failed(reason)
	})
}

// failed is the end of an attempt.
func (c *connector) failed(reason error) {
	c.conn = nil
	if cf, ok := c.factory.(protocol.ClientFactory); ok {
		cf.ClientConnectionFailed(c, reason)
	}
	c.rest()
}

// lost is the end of a connection, after its protocol was told.
func (c *connector) lost(reason error) {
	c.conn = nil
	if cf, ok := c.factory.(protocol.ClientFactory); ok {
		cf.ClientConnectionLost(c, reason)
	}
	c.rest()
}

// rest stops the factory unless it has begun another attempt.
func (c *connector) rest() {
	if c.idle() {
		c.started = false
		stopFactory(c.factory)
	}
}

func (c *connector) idle() bool { return c.conn == nil && c.failing == nil }

// Destination implements [protocol.Connector].
func (c *connector) Destination() protocol.Address { return destination(c.endpoint) }

// Connect implements [protocol.Connector].
func (c *connector) Connect() {
	if !c.idle() {
		return
	}
	if err := c.attempt(); err != nil {
		c.failLater(err)
	}
}

// StopConnecting implements [protocol.Connector].
func (c *connector) StopConnecting() {
	switch {
	case c.failing != nil:
		c.failing.Cancel()
		c.failLater(protocol.ErrConnectingCancelled)
	case c.conn != nil && c.conn.state == connecting:
		c.conn.AbortConnection()
	}
}

// Disconnect implements [protocol.Connector].
func (c *connector) Disconnect() {
	if c.conn != nil && c.conn.state == open {
		c.conn.LoseConnection()
		return
	}
	c.StopConnecting()
}
