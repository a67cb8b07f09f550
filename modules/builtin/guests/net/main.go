//go:build wasip1

// Command net is the guest that the modules of the bundle "net" are: configuration says which one an instance is.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
	"github.com/wasmnet/wasmnet/modules/builtin/servers"
)

func init() {
	wnet.Main(func() error {
		c := wasmnet.Config{}
		dialers := servers.Dialers{Plain: wnet.DialContext, TLS: wnet.DialTLSContext}
		server, err := servers.Build(c.Get("wasmnet.module"), c.Lookup, dialers)
		if err != nil {
			return err
		}
		wnet.Warm(server.Warm)
		return server.Serve(wnet.Listener())
	})
}

func main() {}
