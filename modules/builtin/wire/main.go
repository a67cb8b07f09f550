//go:build wasip1

// Command wire is the guest that the modules of the bundle "wire" are: configuration says which one an instance is.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Run(func(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		return builtin.Build(builtin.Wire, c.Get("wasmnet.module"), r, c.Lookup)
	})
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) {
		if run, ok := builtin.WirePrograms[c.Get("wasmnet.module")]; ok {
			run(r, c.Lookup)
		}
	})
}

func main() {}
