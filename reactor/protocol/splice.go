package protocol

// Splicer is implemented by transports that can be relayed to one another without their protocols: those of the reactor's
// connections, natively and in a guest. Transports that a policy stands before are not Splicers: it has to see the bytes.
type Splicer interface {
	// Splice makes this transport and other a relay: from now on what one receives the other one sends, with half-closes
	// and backpressure passed on. What was written before goes first. The next event of both protocols is ConnectionLost;
	// LoseConnection and AbortConnection still work, and Write fails with [ErrClosed].
	//
	// It fails with [ErrClosed] if one of the two is closing, with [ErrProducerRegistered], and with [ErrUnsupported] if
	// they cannot be joined, as when they are on two loops. Nothing has changed then.
	Splice(other Transport) error
}
