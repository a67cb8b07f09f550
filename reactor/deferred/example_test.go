package deferred_test

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// The examples run on a reactor in memory; on a real one, or in a guest, they are the same.

func Example() {
	r := reactortest.NewReactor()
	r.Hosts["example.com"] = []string{"192.0.2.1", "192.0.2.2"}

	addresses := deferred.Resolve(r, "example.com")
	count := deferred.Then(addresses, func(a []string) (string, error) {
		return strconv.Itoa(len(a)) + " addresses", nil
	})
	count.AddTimeout(r, 5*time.Second)
	count.Handle(func(text string, err error) { fmt.Println(text, err) })

	r.Settle()
	// Output: 2 addresses <nil>
}

func ExampleNew() {
	r := reactortest.NewReactor()

	// An operation that takes a while.
	ask := func() *deferred.Deferred[int] {
		d := deferred.New[int](r)
		r.CallLater(time.Second, func() { d.Callback(42) })
		return d
	}

	ask().AddCallback(func(n int) (int, error) {
		fmt.Println("the answer is", n)
		return n, nil
	})
	r.Advance(time.Second)
	// Output: the answer is 42
}

func ExampleDeferred_AddErrback() {
	d := deferred.New[string](nil)
	d.AddCallback(func(s string) (string, error) { return "", errors.New("cannot use " + s) })
	d.AddErrback(func(err error) (string, error) {
		fmt.Println("failed:", err)
		return "something else", nil
	})
	d.Handle(func(s string, _ error) { fmt.Println("went on with", s) })
	d.Callback("this")
	// Output:
	// failed: cannot use this
	// went on with something else
}

func ExampleDeferred_Cancel() {
	r := reactortest.NewReactor()
	work := deferred.NewCancellable(r, func(*deferred.Deferred[int]) { fmt.Println("the work is stopped") })
	result := deferred.Then(work, func(n int) (string, error) { return strconv.Itoa(n), nil })
	result.Handle(func(_ string, err error) { fmt.Println(err) })
	result.Cancel()
	// Output:
	// the work is stopped
	// deferred was cancelled
}

func ExampleGo() {
	r := reactortest.NewReactor()
	r.Hosts["example.com"] = []string{"192.0.2.1"}
	deferred.Go(r, func(co *deferred.Coroutine) (deferred.Unit, error) {
		for _, host := range []string{"example.com", "nowhere"} {
			addresses, err := deferred.Await(co, deferred.Resolve(r, host))
			fmt.Println(host, addresses, err)
			if err := deferred.Sleep(co, time.Second); err != nil {
				return deferred.Unit{}, err
			}
		}
		fmt.Println("done")
		return deferred.Unit{}, nil
	})
	r.Settle()
	r.Pump(time.Second, time.Second)
	// Output:
	// example.com [192.0.2.1] <nil>
	// nowhere [] name could not be resolved: "nowhere" is not in Hosts
	// done
}

func ExampleGather() {
	a, b := deferred.New[int](nil), deferred.New[int](nil)
	deferred.Gather(nil, a, b).Handle(func(values []int, err error) { fmt.Println(values, err) })
	b.Callback(2)
	a.Callback(1)
	// Output: [1 2] <nil>
}

func ExampleRace() {
	r := reactortest.NewReactor()
	after := func(d time.Duration, s string) *deferred.Deferred[string] {
		return deferred.Later(r, d, func() (string, error) { return s, nil })
	}
	race := deferred.Race(r, after(3*time.Second, "tortoise"), after(time.Second, "hare"))
	race.Handle(func(w deferred.Winner[string], _ error) { fmt.Println(w.Value) })
	r.Advance(time.Second)
	fmt.Println(r.Pending(), "timers left")
	// Output:
	// hare
	// 0 timers left
}

func ExampleRunWith() {
	r := reactortest.NewReactor()
	atMostTwo := deferred.NewSemaphore(r, 2)
	for i := range 4 {
		deferred.RunWith(atMostTwo, func() *deferred.Deferred[int] {
			fmt.Println("begin", i)
			return deferred.Later(r, time.Second, func() (int, error) { return i, nil })
		})
	}
	fmt.Println("a second later")
	r.Advance(time.Second)
	// Output:
	// begin 0
	// begin 1
	// a second later
	// begin 2
	// begin 3
}

func ExampleLoopingCall() {
	clock := reactortest.NewClock()
	n := 0
	var l *deferred.LoopingCall
	l = deferred.NewLoopingCall(clock, func() error {
		n++
		fmt.Println("tick", n)
		if n == 3 {
			l.Stop()
		}
		return nil
	})
	l.Start(time.Second, true).Handle(func(_ *deferred.LoopingCall, err error) { fmt.Println("stopped", err) })
	clock.Pump(time.Second, time.Second, time.Second)
	// Output:
	// tick 1
	// tick 2
	// tick 3
	// stopped <nil>
}

func ExampleScope() {
	r := reactortest.NewReactor() // keeps a Scope, and the reports in Unhandled
	deferred.Fail[int](r, errors.New("disk full"))
	r.Turn()
	fmt.Println(r.Unhandled[0].Err)
	// Output: disk full
}
