//go:build wasip1

package net

import "net"

// Warm has the server serve a connection before the image is taken, so that what it and its libraries make when they are
// first used is in the image, and each connection is spared it. It is called in the function given to [Main], before
// that accepts. exchange is the client, on a goroutine of its own: it sends a request, reads the answer, and returns;
// the connection, which is in memory, is closed then. It should be the client that ends the connection: a server that does
// may sleep a while before (net/http does), and every sandbox would find it asleep. The request is to be one for which
// nothing is dialled, since that would wait for the first event of every sandbox.
func Warm(exchange func(net.Conn)) {
	client, server := net.Pipe()
	service.Add(server)
	go func() {
		exchange(client)
		_ = client.Close() // a pipe's never fails
	}()
}
