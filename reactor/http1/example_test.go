package http1_test

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A server of one page, asked over a connection in memory.
func Example() {
	factory := &http1.Factory{NoDate: true, Build: func() http1.Handler {
		return http1.HandlerFunc(func(q *http1.Request) {
			q.Respond(200, []byte("Content-Type: text/plain\r\n"), fmt.Appendf(nil, "%s of %s\n", q.Method, q.Target))
		})
	}}
	client := &reactortest.Recorder{}
	p := reactortest.NewPair(client, factory.BuildProtocol(nil))
	client.Transport.Write([]byte("GET /page HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n"))
	p.Settle()
	fmt.Printf("%q\n", client.Take())
	// Output: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nGET of /page\n"
}
