package amp

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// StartTLS is the name of the command that upgrades a connection.
const StartTLS = "StartTLS"

// AMP is one end of a connection: boxes, and the commands in them.
type AMP struct {
	BinaryBoxProtocol
	BoxDispatcher
}

// New returns an end that finds responders with l, which may be nil. It is a [protocol.Protocol]; one that embeds it
// hears of the connection's events, which it must pass on.
func New(l Locator) *AMP {
	a := &AMP{}
	a.Receiver, a.Locator = &a.BoxDispatcher, l
	return a
}

// SwitchResponder obeys the command with f, and switches the connection to the protocol it returns, with the next byte
// after the answer (Twisted's ProtocolSwitchCommand). The command's response is not sent.
func (c *Command[A, R]) SwitchResponder(f func(arguments A) (protocol.Protocol, error)) Responder {
	return responder(func(box *Box, ask *Ask) {
		var arguments A
		if err := c.Arguments.FromBox(&arguments, box); err != nil {
			ask.Fail(err)
			return
		}
		inner, err := f(arguments)
		if err != nil {
			ask.Fail(c.outgoing(err))
			return
		}
		ask.Answer(&Box{})
		ask.dispatcher.sender.SwitchTo(inner)
	})
}

// CallRemoteSwitch asks the other end to switch to another protocol, and switches to the one that build returns when it
// has agreed, with the next byte after its answer. Until then no box can be sent; if the other end refuses, boxes can be
// sent again.
func (c *Command[A, R]) CallRemoteSwitch(
	to Caller, arguments A, build func() protocol.Protocol,
) *deferred.Deferred[protocol.Protocol] {
	d := to.dispatcher()
	outcome := deferred.New[protocol.Protocol](d.clock())
	err := c.send(d, &arguments, func(_ *Box, err error) {
		if err != nil {
			d.sender.locked = false
			_ = outcome.Errback(c.declared(err))
			return
		}
		inner := build()
		d.sender.SwitchTo(inner)
		_ = outcome.Callback(inner)
	})
	if err != nil {
		_ = outcome.Errback(err)
	} else {
		d.sender.locked = true
	}
	return outcome
}

// TLSResponder obeys StartTLS with the options that f returns: it answers, and then upgrades the connection. An error is
// answered with UNKNOWN.
func TLSResponder(f func() (protocol.TLSOptions, error)) Responder {
	return responder(func(_ *Box, ask *Ask) {
		o, err := f()
		if err != nil {
			ask.Fail(err)
			return
		}
		ask.Answer(&Box{})
		sender := ask.dispatcher.sender
		if err := sender.startTLS(o); err != nil {
			ask.dispatcher.report(ask.command, err)
			sender.Close(err)
		}
	})
}

// CallRemoteStartTLS asks the other end to upgrade the connection, and does so when it has agreed. Boxes that are sent
// in between wait until then. The outcome is known when TLS begins, not when its handshake is over.
func (d *BoxDispatcher) CallRemoteStartTLS(o protocol.TLSOptions) *deferred.Deferred[deferred.Unit] {
	outcome := deferred.New[deferred.Unit](d.clock())
	d.outgoing.Reset()
	err := d.call(StartTLS, func(_ *Box, err error) {
		if err == nil {
			err = d.sender.startTLS(o)
		}
		if err != nil {
			d.sender.release()
			_ = outcome.Errback(err)
			return
		}
		_ = outcome.Callback(deferred.Unit{})
	})
	if err != nil {
		_ = outcome.Errback(fmt.Errorf("calling %s: %w", StartTLS, err))
	} else {
		d.sender.hold()
	}
	return outcome
}
