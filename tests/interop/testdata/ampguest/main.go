//go:build wasip1

// Command ampguest is package ampclient as a program in a sandbox.
package main

import (
	"os"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/interop/ampclient"
)

func init() {
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) {
		ampclient.Run(r, c.Get("to"), os.Stdout, func() {})
	})
}

func main() {}
