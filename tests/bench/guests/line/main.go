//go:build wasip1

// Command line is the line server of package work in a guest.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/bench/work"
)

func init() {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) { return work.Lines(), nil })
}

func main() {}
