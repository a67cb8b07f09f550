package service_test

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/service"
)

// A program of two services, the second of which ends it after three steps.
func ExampleRun() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	steps := 0
	app := service.NewMultiService(r.Loops()[0])
	for _, s := range []service.Service{
		service.NewStreamServerEndpointService(r, "tcp:0:interface=127.0.0.1",
			protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &protocol.Base{} })),
		service.NewTimerService(r.Loops()[0], time.Millisecond, func() *deferred.Deferred[deferred.Unit] {
			if steps++; steps == 3 {
				_ = r.Stop()
			}
			return nil
		}),
	} {
		if err := app.AddService(s); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(service.Run(r, app), steps >= 3)
	// Output: <nil> true
}
