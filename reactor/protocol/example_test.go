package protocol_test

import (
	"bytes"
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// guest is told its number, has everything in capitals, and is sent away after a minute.
type guest struct {
	protocol.Base
	house *house
}

func (g *guest) ConnectionMade(t protocol.Transport) {
	g.Base.ConnectionMade(t)
	g.house.guests++
	fmt.Fprintf(t, "you are number %d\n", g.house.guests)
	t.Reactor().CallLater(time.Minute, t.LoseConnection)
}

func (g *guest) DataReceived(data []byte) { g.Transport.Write(bytes.ToUpper(data)) }

func (g *guest) ConnectionLost(reason error) {
	g.house.guests--
	fmt.Println("a guest has left:", reason)
}

// house is the factory, which has what its connections share.
type house struct{ guests int }

func (h *house) BuildProtocol(protocol.Address) protocol.Protocol { return &guest{house: h} }

// A protocol with its factory, here on a reactor in memory. On one of package reactor, and in a sandbox, it is the same.
func Example() {
	r := reactortest.NewReactor()
	peer := &reactortest.Recorder{}
	r.Join(peer, (&house{}).BuildProtocol(nil))
	r.Settle()
	peer.Transport.Write([]byte("hello\n"))
	r.Settle()
	fmt.Print(peer.Take())
	r.Advance(time.Minute)
	// Output:
	// you are number 1
	// HELLO
	// a guest has left: connection was closed cleanly
}
