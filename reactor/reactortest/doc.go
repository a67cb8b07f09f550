// Package reactortest tests protocols without sockets, threads or waiting.
//
// # One protocol by itself
//
// A [StringTransport] keeps what a protocol writes and asks for; the test calls the protocol. A [Clock] stands still
// until the test moves it. [CheckChunks] gives a protocol the same bytes in many different pieces and fails the test if
// that can be told from what it does; it fits into a fuzz target:
//
//	func FuzzGreeter(f *testing.F) {
//		f.Add([]byte("world\r\n"))
//		f.Fuzz(func(t *testing.T, input []byte) {
//			reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
//				return newGreeter(), nil
//			})
//		})
//	}
//
// # Two ends
//
// [NewPair] connects two protocols. Bytes travel from one to the other when the test calls Turn (one step) or Settle
// (until nothing moves any more), in pieces of the sizes that Chunks asks for:
//
//	p := reactortest.NewPair(newClient(), newServer())
//	p.Chunks = reactortest.Sizes(1)
//	p.Settle()
//
// [NewDatagramPair] does it with datagrams.
//
// # A whole reactor
//
// A [Reactor] is a protocol.Reactor. What is dialled there reaches what listens there; names resolve from a table;
// tasks of DeferToThread run when the test lets them; time is a Clock. It keeps the promises of the real one: events
// come in later turns, ConnectionLost exactly once, output is limited, producers are paused and resumed, a connection
// closes when its output is flushed. It is stricter than the real one in one thing: bytes given to DataReceived are
// overwritten when it returns, so a protocol that keeps the slice is found out.
//
// It has streams over tcp, tcp6, unix, ssl and tls, datagrams over udp, udp6 and unixgram; nothing that is inherited from
// another process. A server behind the PROXY protocol (haproxy:) is tested by wrapping its factory in policy.ProxyFactory,
// which does the same, and its clients' in policy.ProxyClientFactory.
//
// TLS is played, not spoken: StartTLS takes both ends, negotiates ALPN and completes, but nothing is encrypted and no
// certificate is verified: an Identity stands for one that a server which asks for it will verify. Text that arrives where
// the handshake belongs breaks it, as it would in earnest.
//
// Everything here is used on one goroutine, but for [Reactor.CallFromThread].
package reactortest
