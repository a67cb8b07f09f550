package host

import (
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Loop is what a service needs of an event loop. [reactor.Loop] is one, and so is the reactor of package reactortest,
// which has sockets, time and threads in a test's memory: there a compiled guest is tested like any native protocol.
//
// A loop may offer more, which is used where it does: Detach and Done of reactor.Loop, without which a slow guest keeps
// the loop until its budget is used up, and RunInThread(func()), which runs the tasks of guests.
type Loop interface {
	protocol.Reactor
	// ConnectEndpoint and ListenEndpoint are Connect and Listen for strings that are parsed already. A factory with a
	// method CheckAddress (see [reactor.AddressChecker]) has to be asked about each address before it is dialled.
	ConnectEndpoint(e *endpoint.Client, f protocol.Factory) (protocol.Connector, error)
	ListenEndpoint(e *endpoint.Server, f protocol.Factory) (protocol.Port, error)
}

var _ Loop = (*reactor.Loop)(nil)

// guestTime is what the clocks of guests show: the real time, or that of a loop whose time is a test's.
type guestTime struct {
	clock protocol.Clock // nil: real
	zero  time.Time
}

// clockZero is where the guests' monotonic clock begins: some way back, so that it is never 0 and tells nobody how
// long the process has run.
var clockZero = time.Now().Add(-backdated)

const backdated = 365 * 24 * time.Hour

// timeOf is the time of loop.
func timeOf(loop protocol.Reactor) guestTime {
	if _, real := loop.(*reactor.Loop); real {
		return guestTime{}
	}
	return guestTime{clock: loop, zero: loop.Now().Add(-backdated)}
}

// on is the time of another loop of the service.
func (t guestTime) on(loop protocol.Reactor) guestTime {
	other := timeOf(loop)
	if t.clock != nil {
		other.zero = t.zero
	}
	return other
}

// monotonic is in nanoseconds since some time, wall since 1970.
func (t *guestTime) monotonic() int64 {
	if t.clock != nil {
		return int64(t.clock.Now().Sub(t.zero))
	}
	return int64(time.Since(clockZero))
}

func (t *guestTime) wall() int64 {
	if t.clock != nil {
		return t.clock.Now().UnixNano()
	}
	return time.Now().UnixNano()
}

// time is that of the instance's loop, or of the service's first one if it has none.
func (i *instance) time() *guestTime {
	if i.shard != nil {
		return &i.shard.time
	}
	return &i.svc.time
}
