package client

import (
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serviceFactory is what a Service's connector knows of it.
type serviceFactory struct {
	policy.WrappingFactory
	s *Service
}

var _ protocol.ClientFactory = (*serviceFactory)(nil)

// BuildProtocol implements [protocol.Factory].
func (f *serviceFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := f.Factory.BuildProtocol(addr)
	if inner == nil {
		return nil
	}
	return policy.Expose(&connection{ProtocolWrapper: policy.ProtocolWrapper{Protocol: inner}, s: f.s}, inner)
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (f *serviceFactory) ClientConnectionFailed(c protocol.Connector, reason error) {
	f.s.ended(reason)
	f.WrappingFactory.ClientConnectionFailed(c, reason)
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (f *serviceFactory) ClientConnectionLost(c protocol.Connector, reason error) {
	conn, failure := f.s.conn, reason
	f.s.conn = nil
	if conn != nil && conn.preparing != nil {
		conn.preparing.Cancel()
	}
	if conn != nil && conn.failure != nil {
		failure = conn.failure
	}
	f.s.ended(failure)
	f.WrappingFactory.ClientConnectionLost(c, reason)
}

// connection is one connection of a Service.
type connection struct {
	policy.ProtocolWrapper
	s         *Service
	preparing *deferred.Deferred[deferred.Unit]
	failure   error // of the preparation
}

// ConnectionMade has the Service told in the next turn, when the protocol has been told.
func (c *connection) ConnectionMade(t protocol.Transport) {
	c.s.conn = c
	t.Reactor().CallLater(0, c.prepare)
	c.ProtocolWrapper.ConnectionMade(t)
}

// current reports whether the Service still wants this connection.
func (c *connection) current() bool { return c.s.conn == c && c.s.state == connecting }

// prepare prepares the connection, after which it is ready.
func (c *connection) prepare() {
	if !c.current() {
		return
	}
	if c.s.options.PrepareConnection != nil {
		c.preparing = c.s.options.PrepareConnection(c.Protocol)
	}
	if c.preparing == nil {
		c.s.ready()
		return
	}
	c.preparing.Handle(func(_ deferred.Unit, err error) {
		c.preparing = nil
		switch {
		case !c.current():
		case err != nil:
			c.failure = err
			c.Transport.LoseConnection()
		default:
			c.s.ready()
		}
	})
}
