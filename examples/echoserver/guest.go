//go:build wasip1

package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) { return factory, nil })
}

func main() {}
