// Package wasmnet is the Go SDK for guests: it implements package reactor/protocol on the wasmnet ABI, so that a protocol
// written against those interfaces runs natively and sandboxed from one source.
//
//	package main
//
//	import (
//		wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
//		"github.com/wasmnet/wasmnet/reactor/protocol"
//	)
//
//	type echo struct{ protocol.Base }
//
//	func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }
//
//	func init() {
//		wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
//			return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{} }), nil
//		})
//	}
//
//	func main() {}
//
// A guest is built with the standard toolchain, as a library: its main is never called, and [Run] or [Main] is called
// from an init function.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o echo.wasm .
//
// On other platforms the package is empty.
//
// # Life of a guest
//
// Init functions and the function given to Run are executed once for each service. The memory they leave is the image
// of which every sandbox is a copy: tables built there cost a connection nothing. There is no connection and no timer
// at that time; opening, dialling and CallLater belong into events. With the default isolation every connection has a
// copy of its own, so a package variable is a connection's variable. What connections share needs the isolation "service".
//
// # Events and goroutines
//
// A guest has one thread, and runs only while the host calls it. Every event ends with a turn: goroutines that can run
// do so until all of them wait, functions given to CallFromThread are called, errors of Deferreds that nobody handled
// are logged. Goroutines live on from event to event. A handler must not wait for something that only another event
// can bring: the Go runtime finds all goroutines asleep and ends the instance.
//
// The Go runtime's own timers (time.After, time.Sleep, context deadlines) wake a guest that has a goroutine. In one that
// has none they are noticed in the next event: an event that no goroutine waits for ends without asking for them. Use
// CallLater of the reactor.
//
// Package net, beside this one, gives a guest blocking connections: servers and clients for package net run on it
// unchanged.
//
// # Panics
//
// A panic in an event is logged with the calls that led to it, and traps: the instance and its connections end, and
// nothing else. The same goes for what the Go runtime calls fatal.
//
// # Memory
//
// DataReceived is given a slice of the one receive buffer of the instance. The SDK allocates nothing for an event that
// a protocol answers with Write; a protocol that does not allocate either never meets the garbage collector. The
// collector is set to 25 percent, which is a collection for each MiB of garbage; debug.SetGCPercent in an init function
// overrides that.
//
// # Randomness
//
// An image also holds what start-up drew at random. crypto/rand asks the host each time and is always fresh. The
// generators inside the Go runtime are not: the seeds of maps, the order in which they are ranged over and select
// chooses, and the global functions of math/rand and math/rand/v2 go through the same sequence in every sandbox of a
// service (another one each time that the service starts). The runtime has no way to seed them again. A protocol that
// needs numbers which nobody can foresee takes them from crypto/rand, or makes a generator of its own in a function
// given to package restored:
//
//	var random *rand.Rand
//
//	func init() {
//		restored.On(func() {
//			var seed [32]byte
//			crand.Read(seed[:])
//			random = rand.New(rand.NewChaCha8(seed))
//		})
//	}
//
// # Differences from a native reactor
//
//   - DeferToThread runs the task in a fresh instance; input and result are limited to 64 KiB.
//   - Half-close without a [protocol.HalfCloser] is decided here, since every Go guest exports the ABI's event for it.
//   - All but the first of an event's writes to a connection gather in the guest until the event ends, 4 KiB at most. One that
//     breaches the limit "output" there fails with the next write, and with ConnectionLost.
//   - Stop ends a program, and fails with [protocol.ErrDenied] in a server.
//   - Endpoint strings may not name files of the host: certificates are the operator's.
package wasmnet
