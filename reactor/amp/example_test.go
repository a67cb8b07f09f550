package amp_test

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/amp"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

type operands struct{ A, B int64 }

type total struct{ Total int64 }

var Sum = &amp.Command[operands, total]{
	Name: "Sum",
	Arguments: amp.Fields[operands]{
		amp.Required("a", amp.Integer, func(o *operands) *int64 { return &o.A }),
		amp.Required("b", amp.Integer, func(o *operands) *int64 { return &o.B }),
	},
	Response: amp.Fields[total]{
		amp.Required("total", amp.Integer, func(t *total) *int64 { return &t.Total }),
	},
}

func Example() {
	locator := amp.CommandLocator{}
	locator.Add(Sum.Name, Sum.Responder(func(o operands) (total, error) { return total{o.A + o.B}, nil }))
	server, client := amp.New(locator), amp.New(nil)
	pair := reactortest.NewPair(client, server)

	Sum.CallRemote(client, operands{13, 81}).Handle(func(t total, err error) { fmt.Println(t.Total, err) })
	pair.Settle()
	// Output: 94 <nil>
}
