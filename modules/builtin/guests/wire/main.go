//go:build wasip1

// Command wire is the guest that the modules of the bundle "wire" are: configuration says which one an instance is.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/builtin/wire"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Run(func(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		return builtin.Build(wire.Modules, c.Get("wasmnet.module"), r, c.Lookup)
	})
}

func main() {}
