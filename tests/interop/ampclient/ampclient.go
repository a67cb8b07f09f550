// Package ampclient is a client that puts Twisted's AMP server through its paces. It runs natively, and in a sandbox as
// the program testdata/ampguest.
package ampclient

import (
	"fmt"
	"io"
	"math/big"
	"time"

	ampmodule "github.com/wasmnet/wasmnet/modules/amp"
	"github.com/wasmnet/wasmnet/reactor/amp"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Values has one value of each type.
type Values struct {
	String  []byte
	Text    string
	Float   float64
	Truth   bool
	Decimal amp.DecimalNumber
	Date    time.Time
	Path    string
	List    []int64
	Boxes   []Element
	Absent  *int64
}

// Element is a box in a list.
type Element struct {
	A int64
	B *string
}

var fields = amp.Fields[Values]{
	amp.Required("string", amp.String, func(v *Values) *[]byte { return &v.String }),
	amp.Required("text", amp.Unicode, func(v *Values) *string { return &v.Text }),
	amp.Required("float", amp.Float, func(v *Values) *float64 { return &v.Float }),
	amp.Required("truth", amp.Boolean, func(v *Values) *bool { return &v.Truth }),
	amp.Required("decimal", amp.Decimal, func(v *Values) *amp.DecimalNumber { return &v.Decimal }),
	amp.Required("date", amp.DateTime, func(v *Values) *time.Time { return &v.Date }),
	amp.Required("path", amp.Path, func(v *Values) *string { return &v.Path }),
	amp.Required("list", amp.ListOf(amp.Integer), func(v *Values) *[]int64 { return &v.List }),
	amp.Required("boxes", amp.AmpList(amp.Fields[Element]{
		amp.Required("a", amp.Integer, func(e *Element) *int64 { return &e.A }),
		amp.Optional("b", amp.Unicode, func(e *Element) **string { return &e.B }),
	}), func(v *Values) *[]Element { return &v.Boxes }),
	amp.Optional("absent", amp.Integer, func(v *Values) **int64 { return &v.Absent }),
}

// Types is answered with what it was given.
var Types = &amp.Command[Values, Values]{Name: "Types", Arguments: fields, Response: fields}

var multiply = &amp.Command[struct{}, struct{}]{Name: "Multiply"}

// Run connects to endpoint, makes its calls, and writes a line for the outcome of each to out. It closes the connection
// at the end and then calls done.
func Run(r protocol.Reactor, endpoint string, out io.Writer, done func()) {
	f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return amp.New(nil) })
	deferred.Connect(r, endpoint, f).Handle(func(p protocol.Protocol, err error) {
		if err != nil {
			fmt.Fprintln(out, "connecting:", err)
			done()
			return
		}
		deferred.Go(r, func(co *deferred.Coroutine) (deferred.Unit, error) {
			calls(co, p.(*amp.AMP), out)
			p.(*amp.AMP).Transport.LoseConnection()
			return deferred.Unit{}, nil
		}).Handle(func(deferred.Unit, error) { done() })
	})
}

func calls(co *deferred.Coroutine, p *amp.AMP, out io.Writer) {
	n := big.NewInt
	sum, err := deferred.Await(co, ampmodule.Sum.CallRemote(p, ampmodule.SumArguments{A: n(13), B: n(81)}))
	fmt.Fprintln(out, sum.Total, err)
	quotient, err := deferred.Await(co, ampmodule.Divide.CallRemote(p, ampmodule.DivideArguments{Numerator: n(1), Denominator: n(3)}))
	fmt.Fprintln(out, quotient.Result, err)
	_, err = deferred.Await(co, ampmodule.Divide.CallRemote(p, ampmodule.DivideArguments{Numerator: n(1), Denominator: n(0)}))
	fmt.Fprintln(out, err)
	_, err = deferred.Await(co, multiply.CallRemote(p, struct{}{}))
	fmt.Fprintln(out, err)
	text := "∀"
	sent := Values{
		String: []byte("\x00\xff"), Text: text, Float: -0.1, Truth: true, Decimal: "1.50",
		Date: time.Date(2012, 1, 23, 12, 34, 56, 54321000, time.FixedZone("", 90*60)), Path: "/a/b",
		List: []int64{1, -2}, Boxes: []Element{{A: 7, B: &text}, {A: 9}},
	}
	got, err := deferred.Await(co, Types.CallRemote(p, sent))
	fmt.Fprintln(out, describe(&got) == describe(&sent), err)
}

// describe is a text that is the same for the same values.
func describe(v *Values) string {
	var box amp.Box
	if err := fields.ToBox(v, &box); err != nil {
		return err.Error()
	}
	text, err := box.Append(nil)
	return fmt.Sprintf("%q %v", text, err)
}
