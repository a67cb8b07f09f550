package main

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// TestThrottle: two connections of one peer share its rate, and all peers share the total.
func TestThrottle(t *testing.T) {
	flag := throttle{}
	for _, text := range []string{"peer-in=1000", "total-in=1500", "total-out=1KiB"} {
		if err := flag.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	if got := flag.String(); got != "total-in=1500,total-out=1024,peer-in=1000" {
		t.Errorf("the flag is %q", got)
	}
	r := reactortest.NewReactor()
	var servers []*reactortest.Recorder
	f := flag.wrap()(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		servers = append(servers, &reactortest.Recorder{})
		return servers[len(servers)-1]
	}))
	if _, err := r.Listen("tcp:80", f); err != nil {
		t.Fatal(err)
	}
	var clients []*reactortest.Recorder
	for _, from := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2"} {
		client := &reactortest.Recorder{}
		clients = append(clients, client)
		if _, err := r.Connect("tcp:127.0.0.1:80:bindAddress="+from, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			return client
		})); err != nil {
			t.Fatal(err)
		}
	}
	r.Settle()
	r.Chunks = reactortest.Sizes(100)
	for _, c := range clients {
		if _, err := c.Transport.Write(make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
	}
	received := func() (n [3]int) {
		for i, s := range servers {
			n[i] = len(s.Received)
		}
		return n
	}
	r.Settle()
	before := received()
	r.Pump(time.Second, time.Second, time.Second, time.Second)
	after := received()
	const slack = 300 // pieces that were let through on credit
	peer := after[0] + after[1] - before[0] - before[1]
	total := peer + after[2] - before[2]
	if peer > 4*1000+slack || total > 4*1500+slack || total < 4*1500-slack {
		t.Errorf("4 seconds let %d bytes of one peer through, and %d of all", peer, total)
	}
	if none := (throttle{}); none.String() != "" || none.wrap() != nil {
		t.Error("nothing is throttled by a flag that was not given")
	}
}
