// Package amp serves commands over AMP, with package reactor/amp: Sum and Divide, the example in the documentation of
// Twisted's twisted.protocols.amp. It is also what test vectors of AMP are played against; for those of the encoding
// alone it reports each box it receives instead of obeying it.
package amp

import (
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/amp"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// AppBoxes is the app that reports boxes.
const AppBoxes = "boxes"

// DefaultApp is the commands that are obeyed without being told otherwise.
const DefaultApp = "Sum,Divide"

// Config is what is done with boxes.
type Config struct {
	// App is the names of the commands to obey, with commas between them, or AppBoxes. Empty: DefaultApp.
	App string
	// MaxBox is the largest box that is accepted, in bytes. 0: amp.DefaultMaxBoxLength.
	MaxBox int
	// Output is written one line for each box, with AppBoxes: "box", and for each key a space, the key as Go writes
	// strings, "=" and the value in hexadecimal. Nil: nothing.
	Output io.Writer
}

// Configure reads a Config, but for its Output; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{App: s.Text("app", DefaultApp), MaxBox: s.Int("max-box", amp.DefaultMaxBoxLength, 64, 1<<30)}
	if err := s.Err(); err != nil {
		return c, err
	}
	_, err := c.locator()
	return c, err
}

// The example's arguments and responses.
type (
	SumArguments    struct{ A, B *big.Int }
	SumResponse     struct{ Total *big.Int }
	DivideArguments struct{ Numerator, Denominator *big.Int }
	DivideResponse  struct{ Result float64 }
)

// ErrZeroDivision is Divide's error for a denominator of zero.
var ErrZeroDivision = errors.New("division by zero")

var errTooLarge = errors.New("the result is too large for a float")

// Sum adds two integers of any size.
var Sum = &amp.Command[SumArguments, SumResponse]{
	Name: "Sum",
	Arguments: amp.Fields[SumArguments]{
		amp.Required("a", amp.BigInteger, func(s *SumArguments) **big.Int { return &s.A }),
		amp.Required("b", amp.BigInteger, func(s *SumArguments) **big.Int { return &s.B }),
	},
	Response: amp.Fields[SumResponse]{
		amp.Required("total", amp.BigInteger, func(s *SumResponse) **big.Int { return &s.Total }),
	},
}

// Divide gives the quotient of two integers, rounded to the nearest float.
var Divide = &amp.Command[DivideArguments, DivideResponse]{
	Name: "Divide",
	Arguments: amp.Fields[DivideArguments]{
		amp.Required("numerator", amp.BigInteger, func(d *DivideArguments) **big.Int { return &d.Numerator }),
		amp.Required("denominator", amp.BigInteger, func(d *DivideArguments) **big.Int { return &d.Denominator }),
	},
	Response: amp.Fields[DivideResponse]{
		amp.Required("result", amp.Float, func(d *DivideResponse) *float64 { return &d.Result }),
	},
	Errors: []amp.DeclaredError{{Err: ErrZeroDivision, Code: "ZERO_DIVISION"}},
}

var responders = amp.CommandLocator{
	Sum.Name: Sum.Responder(func(s SumArguments) (SumResponse, error) {
		return SumResponse{new(big.Int).Add(s.A, s.B)}, nil
	}),
	Divide.Name: Divide.Responder(divide),
}

func divide(d DivideArguments) (DivideResponse, error) {
	if d.Denominator.Sign() == 0 {
		return DivideResponse{}, ErrZeroDivision
	}
	result, _ := new(big.Rat).SetFrac(d.Numerator, d.Denominator).Float64()
	if math.IsInf(result, 0) {
		return DivideResponse{}, errTooLarge
	}
	if d.Numerator.Sign() == 0 && d.Denominator.Sign() < 0 {
		result = math.Copysign(0, -1)
	}
	return DivideResponse{result}, nil
}

// locator finds the responders of the commands that are configured; nil for AppBoxes.
func (c Config) locator() (amp.Locator, error) {
	if c.App == AppBoxes {
		return nil, nil
	}
	app := c.App
	if app == "" {
		app = DefaultApp
	}
	l := amp.CommandLocator{}
	for _, name := range strings.Split(app, ",") {
		r := responders.LocateResponder([]byte(name))
		if r == nil {
			return nil, fmt.Errorf("app=%q: want commands out of %s, or %s", c.App, DefaultApp, AppBoxes)
		}
		l.Add(name, r)
	}
	return l, nil
}

// New returns a factory of servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	locator, err := c.locator()
	if err != nil {
		return nil, err
	}
	if c.Output == nil {
		c.Output = io.Discard
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		if locator == nil {
			return &amp.BinaryBoxProtocol{Receiver: reporter{c.Output}, MaxBoxLength: c.MaxBox}
		}
		p := amp.New(locator)
		p.MaxBoxLength = c.MaxBox
		return p
	}), nil
}

// reporter writes a line for each box.
type reporter struct{ output io.Writer }

var _ amp.BoxReceiver = reporter{}

// StartReceivingBoxes implements [amp.BoxReceiver].
func (reporter) StartReceivingBoxes(*amp.BinaryBoxProtocol) {}

// AmpBoxReceived implements [amp.BoxReceiver].
func (r reporter) AmpBoxReceived(box *amp.Box) {
	line := []byte("box")
	for key, value := range box.All() {
		line = fmt.Appendf(line, " %q=%x", key, value)
	}
	// A writer that fails is the operator's; there is nobody to tell.
	_, _ = r.output.Write(append(line, '\n'))
}

// StopReceivingBoxes implements [amp.BoxReceiver].
func (reporter) StopReceivingBoxes(error) {}
