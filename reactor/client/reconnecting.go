package client

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// ReconnectingFactory has its connector connect again, after a wait, when an attempt failed or the connection is lost.
// The wait grows with each time: the protocol, or who else knows that a connection is a success, calls ResetDelay.
//
// It is for one connector. The events of that connector are passed to the wrapped factory first, if it wants them.
type ReconnectingFactory struct {
	policy.WrappingFactory
	// InitialDelay is the wait from which the others grow; the first one is Factor times as long. It begins as 1 s.
	InitialDelay time.Duration
	// MaxDelay bounds the waits, before Jitter. It begins as an hour.
	MaxDelay time.Duration
	// Factor is by how much a wait is longer than the one before. It begins as e.
	Factor float64
	// Jitter is the standard deviation of a wait, as a share of it; 0: none. It begins as 0.119626565582.
	Jitter float64
	// MaxRetries is how often to try again without a ResetDelay between; 0: for ever.
	MaxRetries int

	clock     protocol.Clock
	normal    func() float64 // a normally distributed number
	delay     time.Duration  // the last wait; 0: none yet
	retries   int
	stopped   bool
	timer     protocol.DelayedCall
	connector protocol.Connector
}

var _ protocol.ClientFactory = (*ReconnectingFactory)(nil)

// NewReconnectingFactory has f's connections made again and again. clock is that of the loop on which its connector is.
func NewReconnectingFactory(clock protocol.Clock, f protocol.Factory) *ReconnectingFactory {
	return &ReconnectingFactory{
		WrappingFactory: policy.WrappingFactory{Factory: f},
		InitialDelay:    time.Second,
		MaxDelay:        time.Hour,
		Factor:          math.E,
		Jitter:          0.119626565582,
		clock:           clock,
		normal:          rand.NormFloat64,
	}
}

// BuildProtocol implements [protocol.Factory].
func (f *ReconnectingFactory) BuildProtocol(addr protocol.Address) protocol.Protocol {
	return f.Factory.BuildProtocol(addr)
}

// StartedConnecting implements [protocol.ClientFactory].
func (f *ReconnectingFactory) StartedConnecting(c protocol.Connector) {
	f.connector = c
	f.WrappingFactory.StartedConnecting(c)
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (f *ReconnectingFactory) ClientConnectionFailed(c protocol.Connector, reason error) {
	f.retry(c)
	f.WrappingFactory.ClientConnectionFailed(c, reason)
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (f *ReconnectingFactory) ClientConnectionLost(c protocol.Connector, reason error) {
	f.retry(c)
	f.WrappingFactory.ClientConnectionLost(c, reason)
}

// retry sets the timer for the next attempt.
func (f *ReconnectingFactory) retry(c protocol.Connector) {
	f.retries++
	if f.stopped || f.timer != nil || f.MaxRetries > 0 && f.retries > f.MaxRetries {
		return
	}
	if f.delay == 0 {
		f.delay = f.InitialDelay
	}
	wait := min(f.delay.Seconds()*f.Factor, f.MaxDelay.Seconds())
	f.delay = seconds(max(0, wait+f.normal()*wait*f.Jitter))
	f.timer = f.clock.CallLater(f.delay, func() {
		f.timer = nil
		c.Connect()
	})
}

// ResetDelay says that things are well again: the next wait is the first one, and StopTrying is undone.
func (f *ReconnectingFactory) ResetDelay() {
	f.delay, f.retries, f.stopped = 0, 0, false
}

// StopTrying ends the wait or the attempt under way, and what is lost from now on stays lost. A connection that is up
// is left alone.
func (f *ReconnectingFactory) StopTrying() {
	f.stopped = true
	if f.timer != nil {
		_ = f.timer.Cancel() // it is waiting, so it can be
		f.timer = nil
	}
	if f.connector != nil {
		f.connector.StopConnecting()
	}
}
