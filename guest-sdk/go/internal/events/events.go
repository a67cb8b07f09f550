// Package events tells protocols of events for which that takes more than a call, in programs with goroutines. The SDK's
// connections and those in memory do it alike, so that the latter warm what the former use: the runtime notes the answer
// to each type assertion when it is first asked, which takes as long as a small event does.
package events

import "github.com/wasmnet/wasmnet/reactor/protocol"

// An Attended protocol is one that goroutines wait for, and that knows whether any does.
type Attended interface {
	protocol.Protocol
	// Unattended reports whether nobody waits for it.
	Unattended() bool
}

// Lost tells p that its connection is lost. It reports whether this is known to have let no goroutine go on.
func Lost(p protocol.Protocol, reason error) (still bool) {
	p.ConnectionLost(reason)
	a, ok := p.(Attended)
	return ok && a.Unattended()
}

// ReadLost tells p of the peer's half-close, and reports whether p wants to hear of it.
func ReadLost(p protocol.Protocol) (wanted bool) {
	h, ok := p.(protocol.HalfCloser)
	if ok {
		h.ReadConnectionLost()
	}
	return ok
}
