//go:build wasip1

package wasmnet

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/timers"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// reactor implements [protocol.Reactor] for the instance. It has no state of its own: an instance is one reactor.
type reactor struct{}

var theReactor = &reactor{}

var (
	_ protocol.Reactor = theReactor
	_ deferred.Scoped  = theReactor
)

// Reactor returns the instance as a reactor, for code that is given neither one nor a transport.
func Reactor() protocol.Reactor { return theReactor }

// DeferredScope implements [deferred.Scoped].
func (*reactor) DeferredScope() *deferred.Scope { return &hot.scope }

// CallFromThread implements [protocol.Reactor]: f is called before the running event ends.
func (*reactor) CallFromThread(f func()) {
	hot.posted.Lock()
	hot.posted.functions = append(hot.posted.functions, f)
	hot.posted.Unlock()
}

// Stop implements [protocol.Reactor]. In a server's guest it fails with [protocol.ErrDenied].
func (*reactor) Stop(status int) error {
	if !hot.running {
		return protocol.ErrNotRunning
	}
	handOver()
	switch code := hostStop(int32(status)); abi.Code(code) {
	case abi.OK:
		return nil
	case abi.Closed:
		return protocol.ErrNotRunning
	case abi.Denied:
		return protocol.ErrDenied
	default:
		return fmt.Errorf("stop with status %d: %w", status, codeError(code))
	}
}

// epoch is when the clock of timers begins.
var epoch = time.Now()

var (
	queue        timers.Queue
	hostTimer    int32         // the one timer that the host runs for the queue; 0: none
	hostTimerDue time.Duration // when it is due
)

// delayedCall implements [protocol.DelayedCall] on a timer of the queue.
type delayedCall struct{ timer *timers.Timer }

// Now implements [protocol.Clock].
func (*reactor) Now() time.Time { return time.Now() }

// CallLater implements [protocol.Clock]. It panics while the service starts: an image holds no timers.
func (*reactor) CallLater(d time.Duration, f func()) protocol.DelayedCall {
	if !hot.running {
		panic("wasmnet: CallLater while the service starts: timers belong into events")
	}
	due := after("CallLater", d)
	hot.timersChanged = true
	return delayedCall{queue.Add(due, f)}
}

// after is the time d from now; one beyond the clock's range is its end.
func after(method string, d time.Duration) time.Duration {
	if d < 0 {
		panic(fmt.Sprintf("wasmnet: %s with a negative delay: %v", method, d))
	}
	return later(time.Since(epoch), d)
}

func later(t, d time.Duration) time.Duration {
	if sum := t + d; sum >= t || d < 0 {
		return sum
	}
	return 1<<63 - 1
}

func (c delayedCall) Active() bool { return c.timer.Active() }

func (c delayedCall) Time() time.Time { return epoch.Add(c.timer.Due()) }

func (c delayedCall) Cancel() error {
	hot.timersChanged = true
	return c.timer.Cancel()
}

func (c delayedCall) Reset(d time.Duration) error {
	hot.timersChanged = true
	return c.timer.Set(after("Reset", d))
}

func (c delayedCall) Delay(d time.Duration) error {
	hot.timersChanged = true
	return c.timer.Set(later(c.timer.Due(), d))
}

// timerFired runs the timers that are due. Those that they make wait for the next turn, also with no delay.
// [abi.WakeUp] is for goroutines, which the end of the turn sees to.
func timerFired(handle int32) {
	if handle == abi.WakeUp || handle != hostTimer {
		return
	}
	hostTimer, hot.timersChanged = 0, true
	now := time.Since(epoch)
	for mark := queue.Mark(); queue.Fire(now, mark); {
	}
}

// setHostTimer has the host wake the guest in time for the first timer. A host's timer that is too early is left: most
// often it stands for a timer that was put off, and will be put off again before it matters. One for which there is
// nothing to do is cancelled, because a program with a timer under way does not end.
func setHostTimer() {
	hot.timersChanged = false
	due, pending := queue.Next()
	if hostTimer != 0 && (!pending || due < hostTimerDue) {
		hostCancelTimer(hostTimer)
		hostTimer = 0
	}
	if !pending || hostTimer != 0 {
		return
	}
	handle := hostCallLater(int64(max(0, due-time.Since(epoch))))
	if handle < 0 {
		Log(abi.LogError, "call_later: "+abi.Code(handle).Error())
		trap()
	}
	hostTimer, hostTimerDue = handle, due
}
