//go:build !wasip1

package main

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deferred NUMBER")
		os.Exit(2)
	}
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err == nil {
		loop := r.Loops()[0]
		early(loop)
		r.CallWhenRunning(func() { show(loop, os.Args[1]) })
		err = r.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deferred:", err)
		os.Exit(1)
	}
	os.Exit(r.Status())
}
