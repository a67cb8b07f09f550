//go:build wasip1

package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) { connect(r, c.Get("to")) })
}

func main() {}
