// Command echoserver is a TCP echo server.
//
//	go run ./examples/echoserver tcp:7777
//	wasmnet run echoserver.wasm --listen tcp:7777
package main

import "github.com/wasmnet/wasmnet/reactor/protocol"

// echo sends back what it receives.
type echo struct{ protocol.Base }

func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }

// factory builds an echo for every connection.
var factory = protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{} })
