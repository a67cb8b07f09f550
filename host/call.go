package host

import (
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
)

// slice is how much fuel a guest is granted at a time, in units: some tens of microseconds. Between slices the
// garbage collector gets its turn, and the host looks at the clock.
const slice = 100_000

// meter is the fuel of the call under way.
type meter struct {
	left    int64     // of the budget, not granted yet
	granted int64     // so far
	paused  int64     // granted when others were last let run
	debt    int64     // work done by imports, not yet taken from what is granted
	budget  int64     // of the next call
	since   time.Time // of the first refuelling; zero before it
	used    int64     // by the last call
}

// settleAt is how much debt imports may run up before it is taken from the guest's fuel. It keeps an import from
// having to touch the guest's global each time, and is far less than a slice.
const settleAt = 8192

// charge takes fuel for work that an import does. It is settled when the next import begins: an import that is under
// way must not leave the loop.
func (i *instance) charge(units int64) { i.meter.debt += units }

// settle takes the debt from the guest's fuel. The call may leave the loop, and the guest end, in it.
func (i *instance) settle() {
	left := int64(i.fuel.Get()) - i.meter.debt
	i.meter.debt = 0
	if left < 0 {
		left = i.refuel(left)
	}
	i.fuel.Set(uint64(left))
}

// refuel is called when the guest's fuel has fallen to left, below zero. It returns what the guest has from now on,
// or ends it.
func (i *instance) refuel(left int64) int64 {
	m := &i.meter
	left -= m.debt
	m.debt = 0
	for left < 0 {
		if m.left == 0 {
			i.fuel.Set(uint64(left))
			panic(i.svc.limitError("fuel"))
		}
		grant := min(slice, m.left)
		m.left -= grant
		m.granted += grant
		left += grant
	}
	i.breathe()
	return left
}

// dispatcherExport and the rest are what the rewriter adds to a module.
const (
	dispatcherExport = rewrite.Dispatch
	fuelExport       = rewrite.Fuel
	depthExport      = rewrite.Depth
)

// call delivers an event, and whatever has been waiting for the instance to be free. It reports whether the caller is
// still on the loop: if not, a call has left it together with the caller's goroutine, and nothing that belongs to the
// loop may be touched any more. Everything here that may call the guest passes this on. The instance may have ended.
func (i *instance) call(e abi.Event, a, b, c int32) (here bool) {
	if !i.exports(e) {
		return i.over(nil)
	}
	return i.callNumber(e, a, b, c)
}

// callNumber is call for whatever the dispatcher knows by this number.
func (i *instance) callNumber(e abi.Event, a, b, c int32) (here bool) {
	i.running, i.quiet = true, lively
	err := i.invoke(e, a, b, c)
	if i.away {
		i.comeBack(err)
		return false
	}
	i.running = false
	return i.over(err)
}

// invoke runs one guest function with a fresh budget. Its result, if it has one, is in i.stack[0].
func (i *instance) invoke(e abi.Event, a, b, c int32) error {
	if err := i.wake(); err != nil {
		return err
	}
	if i.dispatch == nil {
		i.dispatch = i.module.ExportedFunction(dispatcherExport)
	}
	m := &i.meter
	grant := min(slice, m.budget)
	m.left, m.granted, m.paused, m.debt, m.since = m.budget-grant, grant, 0, 0, time.Time{}
	i.fuel.Set(uint64(grant))
	i.stack = [4]uint64{uint64(uint32(e)), uint64(uint32(a)), uint64(uint32(b)), uint64(uint32(c))}
	err := i.dispatch.CallWithStack(i, i.stack[:])
	m.used = m.granted - int64(i.fuel.Get()) + m.debt
	if err != nil {
		err = i.translate(e, err)
	}
	return err
}

// over does what remains when a call has ended, on the loop.
func (i *instance) over(err error) (here bool) {
	used := i.meter.used
	i.meter.used = 0
	if sh := i.shard; used > 0 {
		sh.tally.Calls++
		sh.tally.Fuel += uint64(used)
		sh.active()
		sh.fuel.pay(used)
	}
	if i.account != nil {
		i.account.pay(used)
	}
	if err == nil && used > 0 {
		err = i.watchAfter(used)
	}
	if err != nil {
		i.fail(err)
	} else if i.wakeup != nil && i.wakeup.asked {
		i.scheduleWakeup()
	}
	i.account = nil
	if c := i.closing; c != nil {
		i.closing = nil
		c.leave(i.reason)
		i.reason = nil
	}
	switch {
	case i.draining:
		return true
	case len(i.later) > 0 || i.starting != nil:
		return i.drain()
	}
	return i.idle()
}

// drain delivers what happened while the instance was busy, and sees whether it has become idle.
func (i *instance) drain() (here bool) {
	i.draining = true
	for {
		if len(i.later) > 0 {
			f := i.later[0]
			i.later[0] = nil
			i.later = i.later[1:]
			here = f()
		} else if c := i.starting; c != nil {
			i.starting = nil
			here = c.made()
		} else {
			break
		}
		if !here {
			return false // comeBack goes on from here
		}
	}
	i.draining = false
	i.later = nil
	return i.idle()
}
