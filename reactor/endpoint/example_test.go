package endpoint_test

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

func ExampleParseServer() {
	s, err := endpoint.ParseServer("tcp:8080:interface=127.0.0.1")
	fmt.Println(s.Network, s.Address, err)

	_, err = endpoint.ParseServer("tcp:80:foo=1")
	fmt.Println(err)
	var where *endpoint.ParseError
	if errors.As(err, &where) {
		fmt.Println(where.Caret())
	}
	// Output:
	// tcp 127.0.0.1:8080 <nil>
	// endpoint "tcp:80:foo=1": unknown argument foo (tcp takes interface, backlog)
	// tcp:80:foo=1
	//        ^
}

func ExampleQuote() {
	c, err := endpoint.ParseClient("tcp:" + endpoint.Quote("::1") + ":8080")
	fmt.Println(c.Text, c.Address(), err)
	// Output: tcp:\:\:1:8080 [::1]:8080 <nil>
}
