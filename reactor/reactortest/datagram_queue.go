package reactortest

import (
	"slices"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A datagramQueue is what waits for the protocol of a datagram port. A is the type of addresses.
type datagramQueue[A any] struct {
	in      []datagram[A]
	refused int // datagrams that nobody received and the protocol was not told of
}

type datagram[A any] struct {
	data []byte
	from A
}

func (q *datagramQueue[A]) add(data []byte, from A) {
	q.in = append(q.in, datagram[A]{slices.Clone(data), from})
}

// deliver tells the protocol of one refusal or one datagram. The bytes are overwritten afterwards.
func (q *datagramQueue[A]) deliver(to interface{ DatagramReceived([]byte, A) }) bool {
	if q.refused > 0 {
		q.refused--
		if refuser, ok := to.(protocol.ConnectionRefuser); ok {
			refuser.ConnectionRefused()
		}
		return true
	}
	if len(q.in) == 0 {
		return false
	}
	d := q.in[0]
	q.in = q.in[1:]
	to.DatagramReceived(d.data, d.from)
	clear(d.data)
	return true
}

// without is ports, copied, without one: a turn may be going through them.
func without[P comparable](ports []P, port P) []P {
	return slices.DeleteFunc(slices.Clone(ports), func(p P) bool { return p == port })
}
