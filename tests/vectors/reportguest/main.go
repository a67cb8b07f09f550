//go:build wasip1

// Command reportguest is package report as a guest.
package main

import (
	"os"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/vectors/report"
)

func init() {
	wasmnet.Run(func(_ protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		return report.Build(os.Stdout, c.Lookup)
	})
}

func main() {}
