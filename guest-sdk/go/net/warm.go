//go:build wasip1

package net

import "net"

// warmers are the clients given to Warm.
var warmers []func(net.Conn)

// Warm has the server serve a connection before the image is taken, so that what it and its libraries make when they are
// first used is in the image, and each connection is spared it. It is called in the function given to [Main], before
// that accepts. exchange is the client, on a goroutine of its own: it sends a request, reads the answer, and returns;
// the connection, which is in memory, is closed then. It should be the client that ends the connection: a server that does
// may sleep a while before (net/http does), and every sandbox would find it asleep. The request is to be one for which
// nothing is dialled, since that would wait for the first event of every sandbox.
//
// exchange is called twice: what the first one left is collected as garbage, and the second one fills the pools again that
// this has emptied.
func Warm(exchange func(net.Conn)) { warmers = append(warmers, exchange) }

// Warm implements [wasmnet.WarmFactory].
func (m *mainFactory) Warm() {
	for _, exchange := range warmers {
		client, err := m.Connect(theLoop)
		if err != nil {
			return // the server has stopped accepting
		}
		go func() {
			exchange(client)
			_ = client.Close() // unless the exchange has
		}()
	}
}
