// Package work is what an event loop does besides reading and writing: timers and Deferreds. It runs on the native reactor
// and in a guest; peers/twisted.py does the same in Twisted.
package work

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// batch is how many units are done between two looks at the clock.
const batch = 1000

// kinds of work, each for one unit: batch of them are begun in one event, and next is called when they are done.
var kinds = map[string]func(r protocol.Reactor, next func()){
	// A timeout that never happens: set, pushed back, cancelled.
	"timeouts": func(r protocol.Reactor, next func()) {
		var calls [batch]protocol.DelayedCall
		for i := range calls {
			calls[i] = r.CallLater(time.Duration(1+i*7919%batch)*time.Second, func() {})
		}
		for _, c := range calls {
			_ = c.Reset(time.Minute)
		}
		for _, c := range calls {
			_ = c.Cancel()
		}
		next()
	},
	// A timer that fires.
	"timers": func(r protocol.Reactor, next func()) {
		left := batch
		for range batch {
			r.CallLater(0, func() {
				if left--; left == 0 {
					next()
				}
			})
		}
	},
	// A Deferred with ten callbacks.
	"deferreds": func(r protocol.Reactor, next func()) {
		for range batch {
			d := deferred.New[int](r)
			for range 10 {
				d.AddCallback(func(n int) (int, error) { return n + 1, nil })
			}
			_ = d.Callback(0)
		}
		next()
	},
}

// Run does work of one kind for as long as window says, and hands done how much it was and how long it took.
func Run(r protocol.Reactor, kind string, window time.Duration, done func(units int, took time.Duration)) error {
	do, ok := kinds[kind]
	if !ok {
		return fmt.Errorf("no work %q", kind)
	}
	began, units := r.Now(), 0
	var turn func()
	turn = func() {
		if took := r.Now().Sub(began); took >= window {
			done(units, took)
			return
		}
		do(r, func() {
			units += batch
			r.CallLater(0, turn)
		})
	}
	turn()
	return nil
}

// Print writes a result in the form that all contestants use.
func Print(units int, took time.Duration) { fmt.Printf("%d units in %d ns\n", units, took) }
