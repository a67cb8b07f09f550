//go:build wasip1

// Command app is the guest that the modules of the bundle "app" are: configuration says which one an instance is.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/builtin/app"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Run(func(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		return builtin.Build(app.Modules, c.Get("wasmnet.module"), r, c.Lookup)
	})
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) {
		if run, ok := app.Programs[c.Get("wasmnet.module")]; ok {
			run(r, c.Lookup)
		}
	})
}

func main() {}
