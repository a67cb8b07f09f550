//go:build !wasip1

package main

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: tlsclient ENDPOINT")
		os.Exit(2)
	}
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err == nil {
		r.CallWhenRunning(func() { connect(r.Loops()[0], os.Args[1]) })
		err = r.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tlsclient:", err)
		os.Exit(1)
	}
	os.Exit(r.Status())
}
