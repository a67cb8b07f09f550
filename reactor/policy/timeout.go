package policy

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DefaultGrace is how long a connection that ran out of time may take to flush its output.
const DefaultGrace = 15 * time.Second

// Timeouts are the times that a connection has. A zero time is no limit.
type Timeouts struct {
	// Idle is how long nothing may be received or written.
	Idle time.Duration
	// FirstByte is how long the peer may take to send its first byte.
	FirstByte time.Duration
	// Total is how long the connection may last.
	Total time.Duration
	// Grace is how long output may take to be flushed after that; the connection is aborted then. 0: [DefaultGrace].
	Grace time.Duration
}

// TimeoutFactory closes connections that run out of time. Their protocols hear ConnectionLost with
// [protocol.ErrIdle] as the reason.
type TimeoutFactory struct {
	WrappingFactory
	times Timeouts
}

var _ protocol.ClientFactory = (*TimeoutFactory)(nil)

// NewTimeoutFactory gives the connections of f these times.
func NewTimeoutFactory(f protocol.Factory, times Timeouts) *TimeoutFactory {
	if times.Grace == 0 {
		times.Grace = DefaultGrace
	}
	return &TimeoutFactory{WrappingFactory{f}, times}
}

// BuildProtocol implements [protocol.Factory].
func (f *TimeoutFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	inner := f.Factory.BuildProtocol(addr)
	if inner == nil {
		return nil
	}
	return Expose(&timeoutProtocol{ProtocolWrapper: ProtocolWrapper{Protocol: inner}, times: &f.times}, inner)
}

// timeoutProtocol is one connection.
type timeoutProtocol struct {
	ProtocolWrapper
	times     *Timeouts
	idle      basic.Timeout
	firstByte basic.Timeout
	total     basic.Timeout // and, once it is over, the grace
	reason    error         // why it was closed, if it was
}

func (p *timeoutProtocol) ConnectionMade(t protocol.Transport) {
	p.Transport = t
	clock := t.Reactor()
	p.total.Set(clock, p.times.Total, func() { p.expire("it was open for", p.times.Total) })
	p.idle.Set(clock, p.times.Idle, func() { p.expire("nothing was received or written for", p.times.Idle) })
	p.firstByte.Set(clock, p.times.FirstByte, func() {
		p.expire("the peer sent nothing for", p.times.FirstByte)
	})
	if p.times.Idle > 0 {
		t = p
	}
	p.Protocol.ConnectionMade(t)
}

func (p *timeoutProtocol) DataReceived(data []byte) {
	p.firstByte.Stop()
	p.idle.Reset()
	p.Protocol.DataReceived(data)
}

func (p *timeoutProtocol) Write(data []byte) (int, error) {
	p.idle.Reset()
	return p.Transport.Write(data)
}

func (p *timeoutProtocol) expire(what string, d time.Duration) {
	if p.reason != nil {
		return
	}
	p.stop()
	p.reason = protocol.ErrIdle.Because(fmt.Errorf("%s %v", what, d))
	p.total.Set(p.Transport.Reactor(), p.times.Grace, p.Transport.AbortConnection)
	p.Transport.LoseConnection()
}

func (p *timeoutProtocol) ConnectionLost(reason error) {
	p.stop()
	if p.reason != nil {
		reason = p.reason
	}
	p.Protocol.ConnectionLost(reason)
}

func (p *timeoutProtocol) stop() {
	p.idle.Stop()
	p.firstByte.Stop()
	p.total.Stop()
}
