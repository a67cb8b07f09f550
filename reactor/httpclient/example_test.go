package httpclient_test

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/httpclient"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A page, and one that is not there, from a server in the same memory.
func ExampleGetPage() {
	r := reactortest.NewReactor()
	r.Hosts["example.org"] = []string{"192.0.2.1"}
	server := &http1.Factory{Build: func() http1.Handler {
		return http1.HandlerFunc(func(q *http1.Request) {
			if string(q.Target) != "/" {
				q.Respond(404, nil, nil)
				return
			}
			q.Respond(200, []byte("Content-Type: text/plain\r\n"), []byte("It works."))
		})
	}}
	if _, err := r.Listen("tcp:80", server); err != nil {
		fmt.Println(err)
		return
	}
	for _, address := range []string{"http://example.org/", "http://example.org/missing"} {
		httpclient.GetPage(r, address).Handle(func(page []byte, err error) {
			var status *httpclient.StatusError
			if errors.As(err, &status) {
				fmt.Println(status)
				return
			}
			fmt.Printf("%s %v\n", page, err)
		})
		r.Settle()
	}
	// Output:
	// It works. <nil>
	// answered 404 Not Found
}
