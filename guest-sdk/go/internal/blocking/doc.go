// Package blocking turns the events of package protocol into the blocking calls of package net: a [Conn] is a net.Conn on
// a protocol.Transport, a [Listener] a protocol.Factory whose connections are accepted, a [PacketConn] a datagram
// protocol. Package net of the Go SDK makes them a guest's network.
//
// Events are delivered on the goroutine of the reactor, and the calls come from any other. The transport is used from
// both: it must be one that allows that, as a guest's does, where one goroutine runs at a time.
package blocking
