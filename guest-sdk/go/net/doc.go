// Package net gives a guest the network as package net of the standard library has it: a net.Listener, net.Conn,
// net.PacketConn and DialContext, so that servers and clients written for goroutines and blocking reads run unchanged in a
// sandbox. It is imported as wnet:
//
//	package main
//
//	import (
//		"io"
//		"net/http"
//
//		wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
//	)
//
//	func init() {
//		wnet.Main(func() error {
//			mux := http.NewServeMux()
//			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello\n") })
//			return http.Serve(wnet.Listener(), mux)
//		})
//	}
//
//	func main() {}
//
// It is built as every guest is (see the package above), and served by "wasmnet run server.wasm --listen tcp:8080". On
// other platforms than wasip1 the package is empty.
//
// # A sandbox for each connection
//
// The service's connections arrive at [Listener], its datagram ports at [AcceptPacket]. [Main] starts the program when the
// service starts, and the image of which every sandbox is a copy is taken when all of its goroutines wait. With the
// default isolation each connection finds a copy of the program in Accept, serves it, and the copy ends with the
// connection: goroutines that are still at work then end without notice, deferred calls included. What connections share, a
// cache, a session, needs the isolation "service" or "loop", in which one instance accepts all connections.
//
// What a program prepares before it accepts costs connections nothing. That goes for what libraries prepare when they are
// first used, too: [Warm] serves a request before the image is taken.
//
// # Dialling
//
// [DialContext], [Listen] and [ListenPacket] need grants; without one they fail with an error that is
// protocol.ErrDenied to errors.Is. Libraries take a dialler:
//
//	client := &http.Client{Transport: &http.Transport{DialContext: wnet.DialContext, DialTLSContext: wnet.DialTLSContext}}
//
// The host resolves names. A connection of [DialTLSContext] is encrypted by the host; crypto/tls works in a guest too,
// with roots that the guest brings along.
//
// # Errors
//
// They are *net.OpError, as package net's. What they wrap is net.ErrClosed, os.ErrDeadlineExceeded, or the reason of
// package protocol together with the system's error for it: a connection that was reset is both
// protocol.ErrConnectionLost and syscall.ECONNRESET to errors.Is. io.EOF is the peer's half-close or its clean end.
//
// # Time
//
// Deadlines, time.Sleep, time.After, contexts and the timeouts of http.Server work: a guest in which every goroutine
// waits tells the host when its first timer is due. A handler that blocks for ever costs its connection only, which the
// host's limit "idle" ends.
//
// # Flow control
//
// Write returns when the host has the bytes, and waits while more than 64 KiB of them are not sent yet. Up to 64 KiB wait
// for Read, and what one event brings beyond that; then the peer is not read from. Close sends what was written before.
//
// # What it costs
//
// Goroutines cost more in a sandbox than callbacks do: Go's code for WebAssembly switches between them by unwinding the
// stack, and the scheduler runs in the guest. A blocking echo takes some 40,000 units of fuel a message, a request to
// net/http some 260,000, and a connection with one request 860,000, or 360,000 if the image is warm ([Warm]); twenty
// thousand of each event are the scheduler's, in which it also learns the time. In processor time, beside package
// net/http natively in the same run (EPYC VM, 2 cores, busy with other things): 13 times for a request on a connection
// that stays, and 7 times for a connection with one request, sandbox and all. A connection's instance has written to some
// 180 KiB of its own after a request, and takes less than 64 KiB when it has been idle for two seconds and sleeps. Where
// that is too much, the protocol belongs on package protocol: module web, the same server on events, takes a tenth of the
// time. RATIONALE.md has the profile.
package net
