package host

import (
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A timer is a guest's call_later.
type timer struct {
	inst    *instance // nil once it has fired or was cancelled
	handle  int32
	account *conn // that it was made for
	call    protocol.DelayedCall
}

func callLater(i *instance, s []uint64) {
	delay := int64(s[0])
	switch {
	case i.shard == nil:
		ret(s, abi.Denied)
		return
	case delay < 0:
		ret(s, abi.Invalid)
		return
	case int64(i.timers) >= i.svc.limits.Timers:
		i.svc.breach(i, i.account, "timers")
		ret(s, abi.Limit)
		return
	}
	t := &timer{inst: i, account: i.account}
	h, ok := i.add(t, false)
	if !ok {
		ret(s, abi.Limit)
		return
	}
	t.handle = h
	t.call = i.shard.loop.CallLater(time.Duration(delay), func() { t.fire() })
	i.timers++
	i.shard.tally.Timers++
	if c := i.account; c != nil {
		c.bill.Timers++
	}
	ret(s, h)
}

func cancelTimer(i *instance, s []uint64) {
	r, _ := i.handles.Get(int32(s[0]))
	t, ok := r.(*timer)
	if !ok {
		ret(s, abi.Handle)
		return
	}
	t.discard()
	t.forget(i)
	ret(s, abi.OK)
}

// fire delivers the event, unless the timer was cancelled while it waited for the instance.
func (t *timer) fire() (here bool) {
	i := t.inst
	switch {
	case i == nil || i.end != nil:
		return true
	case i.running:
		i.postpone(t.fire)
		return true
	case i.shard.fuel.spent:
		i.shard.fuel.delay(func() { t.fire() })
		return true
	}
	t.inst = nil
	t.forget(i)
	if c := t.account; c != nil && c.inst == i {
		i.account = c
	}
	return i.call(abi.TimerFired, t.handle, 0, 0)
}

func (t *timer) forget(i *instance) {
	i.remove(t.handle, false)
	i.timers--
}

// discard implements [resource].
func (t *timer) discard() {
	t.inst = nil
	_ = t.call.Cancel() // fails if it is due and waits for the instance
}
