package reactor_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Echo sends everything back.
type Echo struct{ protocol.Base }

func (e *Echo) DataReceived(data []byte) { e.Transport.Write(data) }

// An echo server. Usually HandleSignals ends it; here a client does.
func Example() {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		log.Fatal(err)
	}
	port, err := r.Listen("tcp:0:interface=127.0.0.1", protocol.FactoryFunc(
		func(protocol.Address) protocol.Protocol { return &Echo{} }))
	if err != nil {
		log.Fatal(err)
	}
	r.HandleSignals(10 * time.Second)
	go client(r, port.Host())
	if err := r.Run(); err != nil {
		log.Fatal(err)
	}
	// Output: hello, reactor
}

func client(r *reactor.Reactor, to protocol.Address) {
	defer r.Stop()
	c, err := net.Dial(to.Network(), to.String())
	if err != nil {
		log.Print(err)
		return
	}
	defer c.Close()
	fmt.Fprint(c, "hello, reactor")
	answer := make([]byte, len("hello, reactor"))
	if _, err := io.ReadFull(c, answer); err != nil {
		log.Print(err)
	}
	fmt.Printf("%s\n", answer)
}

// A client that finds nobody.
func ExampleLoop_Connect() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		log.Fatal(err)
	}
	l := r.Loops()[0]
	if _, err := l.Connect("unix:/nobody/listens/here", caller{l}); err != nil {
		log.Fatal(err)
	}
	if err := r.Run(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("status", r.Status())
	// Output:
	// connection was refused
	// status 1
}

// caller is a client factory.
type caller struct{ reactor protocol.Reactor }

func (caller) BuildProtocol(protocol.Address) protocol.Protocol { return &Echo{} }
func (caller) StartedConnecting(protocol.Connector)             {}

func (c caller) ClientConnectionFailed(_ protocol.Connector, reason error) {
	fmt.Println(protocol.ReasonOf(reason))
	c.reactor.Stop(1)
}

func (caller) ClientConnectionLost(protocol.Connector, error) {}

// Work that takes long is done off the loop.
func ExampleDeferToThread() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		log.Fatal(err)
	}
	l := r.Loops()[0]
	r.CallWhenRunning(func() {
		sum := reactor.DeferToThread(l, func() (int, error) {
			n := 0
			for i := range 1000 {
				n += i
			}
			return n, nil
		})
		text := deferred.Then(sum, func(n int) (string, error) { return fmt.Sprint("the sum is ", n), nil })
		text.Handle(func(s string, err error) {
			fmt.Println(s, err)
			l.Stop(0)
		})
	})
	if err := r.Run(); err != nil {
		log.Fatal(err)
	}
	// Output: the sum is 499500 <nil>
}
