// Command tlsclient connects with TLS, says what the server's certificate and the session are, sends a line and prints
// the answer.
//
//	go run ./examples/tlsclient tls:example.com:443
//	wasmnet exec tlsclient.wasm --set to=tls:example.com:443 --allow dial=tls:example.com:443
//
// A server whose certificate cannot be verified is not talked to.
package main

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// connect dials endpoint. The reactor stops, with the status of the program, when the connection is over.
func connect(r protocol.Reactor, endpoint string) {
	if _, err := r.Connect(endpoint, &client{reactor: r}); err != nil {
		fmt.Println("tlsclient:", err)
		r.Stop(1)
	}
}

// client is the factory, which follows the attempt, and the protocol of the one connection.
type client struct {
	basic.LineReceiver
	reactor protocol.Reactor
	done    bool
}

var (
	_ protocol.ClientFactory     = (*client)(nil)
	_ protocol.HandshakeListener = (*client)(nil)
)

// StartedConnecting implements [protocol.ClientFactory].
func (c *client) StartedConnecting(protocol.Connector) {}

// BuildProtocol implements [protocol.Factory].
func (c *client) BuildProtocol(protocol.Address) protocol.Protocol {
	c.Handler = c
	return c
}

// HandshakeCompleted implements [protocol.HandshakeListener].
func (c *client) HandshakeCompleted() {
	info, _ := c.Transport.TLS()
	fmt.Printf("%s with %s, verified: %v\n", info.Version, c.Transport.Peer(), info.PeerVerified)
	c.SendLine([]byte("hello"))
}

// LineReceived implements [basic.LineHandler].
func (c *client) LineReceived(line []byte) {
	fmt.Printf("the server says: %s\n", line)
	c.done = true
	c.Transport.LoseConnection()
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (c *client) ClientConnectionFailed(_ protocol.Connector, reason error) {
	fmt.Println("tlsclient:", reason)
	c.reactor.Stop(1)
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (c *client) ClientConnectionLost(_ protocol.Connector, reason error) {
	if c.done {
		c.reactor.Stop(0)
		return
	}
	fmt.Println("tlsclient:", reason)
	c.reactor.Stop(1)
}
