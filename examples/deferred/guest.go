//go:build wasip1

package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	early(wasmnet.Reactor())
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) { show(r, c.Get("number")) })
}

func main() {}
