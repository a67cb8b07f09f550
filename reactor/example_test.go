package reactor_test

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// A program that does one thing and ends: its main is os.Exit(reactor.React(reactor.Config{}, run)).
func ExampleReact() {
	run := func(r *reactor.Reactor) *deferred.Deferred[string] {
		d := deferred.Later(r.Loops()[0], time.Millisecond, func() (string, error) { return "done", nil })
		return d.AddCallback(func(text string) (string, error) {
			fmt.Println(text)
			return text, reactor.ExitStatus(3)
		})
	}
	fmt.Println("exit status", reactor.React(reactor.Config{Loops: 1}, run))
	// Output:
	// done
	// exit status 3
}

// Something to be done in front of the shutdown, while connections still work.
func ExampleReactor_AddSystemEventTrigger() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	l := r.Loops()[0]
	_, err = r.AddSystemEventTrigger(reactor.Before, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
		fmt.Println("saying good-bye")
		return deferred.Later(l, time.Millisecond, func() (deferred.Unit, error) {
			fmt.Println("said it")
			return deferred.Unit{}, nil
		})
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r.CallWhenRunning(func() { _ = r.Stop() })
	fmt.Println(r.Run())
	// Output:
	// saying good-bye
	// said it
	// <nil>
}

// A goroutine that asks a loop for something, and waits for it.
func ExampleBlockingCallFromThread() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	ended := make(chan error)
	go func() { ended <- r.Run() }()
	id, err := reactor.BlockingCallFromThread(r.Loops()[0], func() (int, error) { return r.Loops()[0].ID(), nil })
	fmt.Println(id, err)
	_ = r.Stop()
	fmt.Println(<-ended)
	// Output:
	// 0 <nil>
	// <nil>
}
