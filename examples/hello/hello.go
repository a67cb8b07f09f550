// Command hello is a TCP client: it says hello, prints the answer, and ends.
//
//	go run ./examples/hello tcp:127.0.0.1:7777
//	wasmnet exec hello.wasm --set to=tcp:127.0.0.1:7777 --allow dial=tcp:loopback:7777
package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// patience is how long the server has for its answer.
const patience = 3 * time.Second

// hello talks to the server at endpoint, and stops the reactor with the status of the program.
func hello(r protocol.Reactor, endpoint string) {
	client := &talker{answer: deferred.New[string](r)}
	client.Handler = client
	factory := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return client })
	talk := deferred.ThenDeferred(deferred.Connect(r, endpoint, factory),
		func(protocol.Protocol) *deferred.Deferred[string] { return client.answer.AddTimeout(r, patience) })
	talk.Handle(func(answer string, err error) {
		if err != nil {
			fmt.Println("hello:", err)
			r.Stop(1)
			return
		}
		fmt.Println("the server says:", answer)
		r.Stop(0)
	})
}

// talker says one line and waits for one.
type talker struct {
	basic.LineReceiver
	answer *deferred.Deferred[string]
}

func (t *talker) ConnectionMade(transport protocol.Transport) {
	t.LineReceiver.ConnectionMade(transport)
	t.SendLine([]byte("hello"))
}

func (t *talker) LineReceived(line []byte) {
	t.answer.Callback(string(line))
	t.Transport.LoseConnection()
}

func (t *talker) ConnectionLost(reason error) {
	if !t.answer.Called() {
		t.answer.Errback(errors.Join(errors.New("the server hung up without an answer"), reason))
	}
}
