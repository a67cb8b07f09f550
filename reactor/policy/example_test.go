package policy_test

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// answer answers everything with its peer's address.
type answer struct{ protocol.Base }

func (p *answer) DataReceived([]byte) { fmt.Fprintln(p.Transport, "you are", p.Transport.Peer()) }
func (p *answer) ConnectionLost(reason error) {
	fmt.Println("lost:", reason)
}

func Example() {
	var f protocol.Factory = protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &answer{} })
	f = policy.NewTimeoutFactory(f, policy.Timeouts{Idle: 5 * time.Minute})
	f = policy.NewLimitConnectionsByPeer(f, 10, 0)
	f = policy.NewProxyFactory(f, 0)

	client := &reactortest.Recorder{}
	pair := reactortest.NewPair(client, f.BuildProtocol(nil))
	fmt.Fprint(client.Transport, "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\nhello")
	pair.Settle()
	fmt.Print(client.Take())
	pair.Advance(5 * time.Minute)
	// Output:
	// you are 192.0.2.7:4711
	// lost: connection was idle too long: nothing was received or written for 5m0s
}

// All connections of a host share 64 KiB a second, and all hosts together 1 MiB.
func ExamplePerHost() {
	all := policy.NewBucket(1<<20, 0, nil)
	f := policy.NewThrottlingFactory(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &answer{} }),
		policy.Throttle{Write: policy.PerHost(64<<10, 0, all)})
	fmt.Println(f.BuildProtocol(nil) != nil)
	// Output: true
}
