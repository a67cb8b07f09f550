// Package guesttest tests compiled guests as package reactortest tests native protocols: on a reactor in memory, with a
// clock that stands still until the test moves it, and in the real sandbox.
//
// A guest is any module of the ABI, whatever its language: a file, or a built-in of package modules. [New] puts it in
// service, and [Guest.Connect] is a peer:
//
//	func TestGreeter(t *testing.T) {
//		g := guesttest.Open(t, "greeter.wasm", host.ServiceConfig{})
//		peer := g.Connect()
//		peer.Send("world\n")
//		if got := peer.Take(); got != "hello, world\n" { ... }
//		g.Advance(time.Minute) // its timeout
//		if peer.Lost() == nil { ... }
//	}
//
// [Guest.CheckChunks] cuts a guest's input in all ways, and fits into a fuzz target.
//
// # What a guest has there
//
// Everything that its grants allow: timers and clocks show the time of the test; what it dials is what listens on the same
// reactor ([reactortest.Reactor.Listen], or a port of another guest), what it listens on can be dialled; names resolve
// from the table Hosts; datagrams travel from port to port; TLS is played; tasks run when the test lets them. Limits hold
// as in service, but for two that are rates of the processor: "fuel-rate" is off unless the configuration sets it, because
// no time passes that would pay for work; and a slow guest is not taken off its loop, but keeps it until its budget is
// used up.
//
// [Guest.Protocol] is one end of a connection to the guest as a protocol.Protocol, for a [reactortest.Pair], a
// [reactortest.StringTransport] or [reactortest.Feed]; Guest.Service is a protocol.Factory, for a port or a wrapper of
// package policy.
package guesttest
