package reactortest_test

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func ExampleNewPair() {
	client, server := &reactortest.Recorder{}, &mirror{}
	p := reactortest.NewPair(client, server)
	p.Chunks = reactortest.Sizes(1)
	client.Transport.Write([]byte("hello"))
	p.Settle()
	fmt.Println(client.Take())

	server.Transport.LoseConnection()
	p.Settle()
	fmt.Println(client.Reason)
	// Output:
	// hello
	// connection was closed cleanly
}

// knock is a client that gives up when nothing comes for ten seconds.
type knock struct{ reactortest.Recorder }

func (k *knock) ConnectionMade(t protocol.Transport) {
	k.Recorder.ConnectionMade(t)
	t.Write([]byte("knock"))
	t.Reactor().CallLater(10*time.Second, t.AbortConnection)
}

func ExampleReactor() {
	r := reactortest.NewReactor()
	r.Hosts["example.com"] = []string{"192.0.2.1"}
	server := &reactortest.Recorder{}
	_, err := r.Listen("tcp:80", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return server }))
	if err != nil {
		fmt.Println(err)
		return
	}
	client := &knock{}
	factory := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return client })
	deferred.Connect(r, "tcp:example.com:80", factory).Handle(func(p protocol.Protocol, err error) {
		fmt.Println("connected, error:", err)
	})
	r.Settle()
	fmt.Println(server.Take())
	r.Advance(10 * time.Second)
	fmt.Println(client.Reason)
	// Output:
	// connected, error: <nil>
	// knock
	// connection was aborted
}

func ExampleReactor_Unreachable() {
	r := reactortest.NewReactor()
	r.Unreachable("192.0.2.1:80", protocol.ErrTimeout)
	factory := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &protocol.Base{} })
	deferred.Connect(r, "tcp:192.0.2.1:80:timeout=5", factory).Handle(func(_ protocol.Protocol, err error) {
		fmt.Println(err)
	})
	r.Settle()
	r.Advance(5 * time.Second)
	// Output: timed out
}
