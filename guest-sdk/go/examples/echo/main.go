//go:build wasip1

// Command echo is the smallest server: what arrives is sent back.
package main

import (
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

type echo struct{ protocol.Base }

func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }

func init() {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{} }), nil
	})
}

func main() {}
