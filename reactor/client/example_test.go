package client_test

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A server that comes up late is found, and found again when the connection is lost.
func ExampleService() {
	r := reactortest.NewReactor()
	factory := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &reactortest.Recorder{} })
	s := client.NewService(r, "tcp:localhost:7", factory, client.Options{
		RetryPolicy: client.BackoffPolicy(time.Second, time.Minute, 2, nil),
	})
	if err := s.Start(); err != nil {
		fmt.Println(err)
		return
	}
	s.WhenConnected(1).Handle(func(_ protocol.Protocol, err error) { fmt.Println("first attempt:", protocol.ReasonOf(err)) })
	r.Settle()

	if _, err := r.Listen("tcp:7:interface=127.0.0.1", factory); err != nil {
		fmt.Println(err)
		return
	}
	s.WhenConnected(1).Handle(func(p protocol.Protocol, err error) {
		fmt.Println("second attempt:", p.(*reactortest.Recorder).Transport.Peer(), err)
	})
	r.Advance(2 * time.Second)
	// Output:
	// first attempt: connection was refused
	// second attempt: 127.0.0.1:7 <nil>
}
