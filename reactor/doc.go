// Package reactor runs network protocols on event loops: the callbacks of Twisted, in Go.
//
// A [Reactor] has N loops (by default as many as the program has processors). A [Loop] is one goroutine, which owns
// its connections, ports and timers and calls their protocols, one callback at a time. An idle connection costs a few
// hundred bytes and no goroutine, and protocol code needs no locks.
//
//	r, err := reactor.New(reactor.Config{})
//	port, err := r.Listen("tcp:7", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{} }))
//	r.HandleSignals(10 * time.Second)
//	err = r.Run()
//
// What a protocol implements and what it is given is defined in package [reactor/protocol], which protocols import
// instead of this package: the same source then also runs in a sandbox. [Loop] implements protocol.Reactor, [Conn]
// implements protocol.Transport.
//
// # A turn of the loop
//
// Each turn does, in this order:
//
//  1. ConnectionLost for the connections that ended in the turn before; their descriptors are closed then;
//  2. the functions given to CallFromThread, in the order of the calls;
//  3. the timers that are due, in the order of their times. A timer made in this turn, even with a delay of zero, has
//     its time in the next one;
//  4. waiting, until something is ready or the next timer is due;
//  5. for each connection that is ready: one read of at most 64 KiB and one DataReceived, then writing;
//  6. BuildProtocol and ConnectionMade for new connections;
//  7. PauseProducing, ResumeProducing and WriteConnectionLost, one of them for each connection.
//
// No method of a transport calls a protocol before it returns. Aborting a connection inside DataReceived, say, has
// ConnectionLost called in the next turn.
//
// # Output
//
// Write never blocks. What one callback writes is gathered and goes to the kernel in one system call when the callback
// has returned; slices of 16 KiB and more go there at once, without being copied, as far as the kernel takes them. What
// it does not take is queued. There are three marks, in [Config] or for one connection in [Conn.SetOutputLimits]: above
// the high-water mark (64 KiB) a registered push producer is paused, at the low-water mark (16 KiB) it is resumed, and
// beyond the hard cap (1 MiB) the connection is aborted with ErrLimit. A protocol that has much to send registers a
// producer; one that forwards what it receives registers the other connection's PauseReading and ResumeReading, or
// uses [Conn.Splice].
//
// # The end of a connection
//
// ConnectionLost is called once, last, with a reason ([protocol.ReasonOf]):
//
//   - ErrConnectionDone: the peer closed its side, or LoseConnection had everything flushed;
//   - ErrConnectionLost: reset, broken, or a callback of the protocol panicked (the cause is a [*PanicError]);
//   - ErrConnectionAborted after AbortConnection, ErrLimit, ErrTLS, ErrShutdown.
//
// LoseConnection waits for a registered producer to unregister. If the peer closes its sending side, a protocol that
// is a HalfCloser goes on; for any other one the connection is closed as soon as what it has written is flushed. As
// with any TCP program, closing while the peer is still sending can cost the peer the last bytes that it has not read.
//
// A panic in a callback is logged with its stack and ends that connection only. A panic in a timer or in a posted
// function is logged.
//
// # Slow callbacks
//
// A callback that takes long keeps the loop from everything else. Work that can be separated from its callback goes to
// [DeferToThread]. A callback that only finds out on the way that it will be slow calls [Loop.Detach]: another
// goroutine takes over the loop at once, and the callback goes on as a goroutine of its own.
//
// # Listening
//
// A port opened with [Reactor.Listen] belongs to one loop, which accepts for all of them and hands each connection to
// the loop that has the fewest. One opened with [Loop.Listen] keeps its connections on that loop. Unlike Twisted's 50,
// the default length of the queue of connections not yet accepted is what Linux allows at most by default (4096): with
// 50, a burst of clients finds it full and waits a second before it tries again.
//
// Connections of one factory so live on several loops: a protocol takes its loop, for timers and for dialling, from its
// transport (Reactor), and not from [Reactor.Loops]. A factory made for one loop goes to that loop's Listen, or to a
// reactor with Config.Loops of 1.
//
// The networks are tcp (IPv4), tcp6 (IPv6 only, so that both can have the same port), unix (with a lock file beside the
// socket, so that the file of a dead server is replaced and that of a live one is not), fd (a socket that listens
// already; it is the reactor's from then on) and stdio. Endpoint strings are described in package [reactor/endpoint].
//
// The endpoint stdio has one connection, which is there at once: the process's standard input and output, be they pipes,
// files, a socket or a terminal. It ends like any other one, and also when nobody reads the output any more; the port
// closes with it, which the port's method Done tells. From the start descriptors 0 and 1 are the null device for everybody
// else. Systems without descriptors answer ErrUnsupported.
//
// When descriptors run out, waiting clients are turned away with a descriptor kept in reserve, and the port rests for
// a moment, up to a second if that goes on. It never spins and never ends.
//
// # Connecting
//
// A connector looks the name up off the loop, dials its addresses 300 ms apart, IPv6 first (RFC 8305), keeps the one
// that answers first, and shakes hands if the endpoint has TLS. The timeout (30 s, or the endpoint's) is for all of
// that. A factory that is an [AddressChecker] has a say in which resolved addresses are dialled.
//
// # TLS
//
// TLS is Go's crypto/tls, unmodified. Handshakes run on at most [Config].Handshakes goroutines; afterwards records are
// read and written on the loop, and an idle connection holds no goroutine. A server's protocol is built after the
// handshake.
//
// # The end of the reactor
//
// [Reactor.Stop] flushes and closes everything; [Reactor.Drain] gives the connections time before that; a second call
// ends at once. [Reactor.HandleSignals] does so for SIGINT and SIGTERM. Run returns when every goroutine that the reactor
// has started has ended and every descriptor is closed. A reactor cannot be run again.
//
// # Backends
//
// On Linux sockets are watched with epoll, on macOS and the BSDs with kqueue. The backend "net" works on every
// platform, on package net, with goroutines that read and write; it can be chosen with [Config].Backend, and is what
// Windows has. All of them behave alike, with one difference: on "net" a connection that is not read from and has
// nothing to send does not notice that it was reset.
package reactor
