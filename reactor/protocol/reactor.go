package protocol

import "time"

// Clock tells time and calls functions later. Its timers run on the loop that made them, in the order of their due
// times, those of equal times in the order they were made.
type Clock interface {
	// Now is the clock's time. It carries a monotonic reading where the platform has one.
	Now() time.Time

	// CallLater calls f after d, d >= 0 (it panics below). With d = 0 f runs in the next iteration of the loop,
	// never in this one.
	CallLater(d time.Duration, f func()) DelayedCall
}

// DelayedCall is a timer. After it has been called its methods fail with [ErrAlreadyCalled], after Cancel with
// [ErrAlreadyCancelled].
type DelayedCall interface {
	// Cancel keeps the function from being called.
	Cancel() error
	// Reset makes it due d from now.
	Reset(d time.Duration) error
	// Delay adds d, which may be negative, to its due time.
	Delay(d time.Duration) error
	// Time is when it is due.
	Time() time.Time
	// Active reports whether it is still to be called.
	Active() bool
}

// Reactor is what a protocol can ask of the loop it runs on. Natively it is a *reactor.Loop; in a guest it is the
// instance.
type Reactor interface {
	Clock

	// CallFromThread has f called on the loop, in the order of calls, soon. Any goroutine may call it. Once the
	// loop has ended f is not called.
	CallFromThread(f func())

	// Connect dials a client endpoint string ("tcp:HOST:PORT", "tls:HOST:PORT", "unix:PATH"). The outcome arrives
	// as events of f: BuildProtocol and ConnectionMade, or, where f is a [ClientFactory],
	// ClientConnectionFailed. The error is that of a string that cannot be parsed.
	Connect(endpoint string, f Factory) (Connector, error)

	// Listen opens a server endpoint string ("tcp:PORT", "unix:PATH", "ssl:PORT:privateKey=…:certKey=…"). All
	// connections of the port live on this loop. The error wraps [ErrCannotListen] and says why.
	Listen(endpoint string, f Factory) (Port, error)

	// Resolve looks host up and calls done on the loop with its addresses in textual form, or an error that wraps
	// [ErrDNSLookup].
	Resolve(host string, done func(addresses []string, err error)) Request

	// DeferToThread runs the task registered under name with [HandleTask] off the loop, with a copy of input, and
	// calls done on the loop with its result. In a guest the task runs in a fresh instance: it shares no memory
	// with its caller.
	DeferToThread(name string, input []byte, done func(result []byte, err error)) Request

	// ConnectUDP and ListenUDP open datagram endpoints ("udp:HOST:PORT", "udp:PORT").
	ConnectUDP(endpoint string, p DatagramProtocol) (Port, error)
	ListenUDP(endpoint string, p DatagramProtocol) (Port, error)

	// Stop ends the reactor after draining (a guest's program with this exit status). It fails with
	// [ErrNotRunning] when the reactor is not running or is stopping already, and in a guest that may not.
	Stop(status int) error
}

// Request is an operation under way.
type Request interface {
	// Cancel makes the outcome an error: done is still called, with an error that wraps
	// [ErrConnectingCancelled], in a later turn. After the outcome it does nothing.
	Cancel()
}

// Connector is one dialling endpoint and its attempt or connection.
type Connector interface {
	// Destination is where it dials.
	Destination() Address
	// Connect starts a new attempt. It does nothing while one is under way or connected.
	Connect()
	// StopConnecting ends an attempt under way: ClientConnectionFailed([ErrConnectingCancelled]) follows.
	StopConnecting()
	// Disconnect stops the attempt or loses the connection.
	Disconnect()
}

// Port is something that listens.
type Port interface {
	// Host is the address it is bound to, with the real port.
	Host() Address
	// StopListening closes it. Connections it accepted live on. Calling it again does nothing.
	StopListening()
}
