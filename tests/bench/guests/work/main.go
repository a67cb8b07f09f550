//go:build wasip1

// Command work is package work in a guest.
package main

import (
	"time"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/bench/work"
)

func init() {
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) {
		window, err := time.ParseDuration(c.Get("window"))
		if err == nil {
			err = work.Run(r, c.Get("kind"), window, work.Print)
		}
		if err != nil {
			panic(err)
		}
	})
}

func main() {}
