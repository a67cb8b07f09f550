// Command deferred shows a Deferred: an outcome that is not there yet, and the functions that wait for it.
//
//	go run ./examples/deferred 20
//	wasmnet exec deferred.wasm --set number=20
package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// early shows what a reactor that does not run says to Stop.
func early(r protocol.Reactor) {
	if err := r.Stop(0); errors.Is(err, protocol.ErrNotRunning) {
		fmt.Println("before it runs:", err)
	}
}

// double takes its time.
func double(r protocol.Reactor, text string) *deferred.Deferred[int] {
	return deferred.Later(r, 10*time.Millisecond, func() (int, error) {
		n, err := strconv.Atoi(text)
		return 2 * n, err
	})
}

// show prints twice the number that text holds and then its successor, and stops the reactor with the status of the
// program.
func show(r protocol.Reactor, text string) {
	d := double(r, text)
	d.AddCallback(func(n int) (int, error) {
		fmt.Println("the callback is given", n)
		return n + 1, nil
	})
	d.Handle(func(n int, err error) {
		if err != nil {
			fmt.Println("the errback is given", err)
			r.Stop(1)
			return
		}
		fmt.Println("the next one is given", n)
		r.Stop(0)
	})
	fmt.Println("the Deferred waits")
}
