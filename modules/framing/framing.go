// Package framing splits what it receives into messages and reports each in hexadecimal. It makes visible, natively and
// from outside a sandbox, how package reactor/basic takes a stream apart, and is what test vectors of framings are
// played against.
package framing

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// What can be framed.
var framings = []string{"line", "lineonly", "netstring", "int8", "int16", "int32"}

// What can be done with a message besides reporting it.
const (
	AppNone       = "none"
	AppEcho       = "echo"         // write the payload as it is, without a frame
	AppStopOnStop = "stop-on-stop" // stop when the message is "stop"
)

// Config is how messages are told apart, and what is done with them.
type Config struct {
	// Framing is line (basic.LineReceiver; the default), lineonly, netstring, int8, int16 or int32.
	Framing string
	// Delimiter ends a line. Nil: CR LF.
	Delimiter []byte
	// MaxLength is the longest message, in bytes. 0: the receiver's default.
	MaxLength int
	// App is one of AppNone (the default), AppEcho and AppStopOnStop.
	App string
	// Output is written one line for each message: "delivered " and the message in hexadecimal. Nil: nothing.
	Output io.Writer
}

// Configure reads a Config, but for its Output; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Framing:   s.Choice("framing", framings...),
		MaxLength: s.Int("max-length", 0, 1, 1<<30),
		App:       s.Choice("app", AppNone, AppEcho, AppStopOnStop),
	}
	if err := s.Err(); err != nil {
		return c, err
	}
	if text := s.Text("delimiter", ""); text != "" {
		delimiter, err := hex.DecodeString(text)
		if err != nil {
			return c, fmt.Errorf("delimiter=%q: want bytes in hexadecimal, such as 0d0a", text)
		}
		c.Delimiter = delimiter
	}
	return c, nil
}

// New returns a factory of receivers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Output == nil {
		c.Output = io.Discard
	}
	if _, err := c.build(nil); err != nil {
		return nil, err
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		h := &handler{app: c.App, output: c.Output}
		p, _ := c.build(h)
		h.receiver = p.(protocol.Producer)
		return &connection{p, h}
	}), nil
}

func (c Config) build(h *handler) (protocol.Protocol, error) {
	switch c.Framing {
	case "", "line":
		return &basic.LineReceiver{Handler: h, Delimiter: c.Delimiter, MaxLength: c.MaxLength}, nil
	case "lineonly":
		return &basic.LineOnlyReceiver{Handler: h, Delimiter: c.Delimiter, MaxLength: c.MaxLength}, nil
	case "netstring":
		return &basic.NetstringReceiver{Handler: h, MaxLength: c.MaxLength}, nil
	case "int8":
		return &basic.Int8Receiver{Handler: h, MaxLength: c.MaxLength}, nil
	case "int16":
		return &basic.Int16Receiver{Handler: h, MaxLength: c.MaxLength}, nil
	case "int32":
		return &basic.Int32Receiver{Handler: h, MaxLength: c.MaxLength}, nil
	}
	return nil, fmt.Errorf("framing %q: want one of %v", c.Framing, framings)
}

// connection is the receiver, with the transport made known to the handler.
type connection struct {
	protocol.Protocol
	handler *handler
}

// ConnectionMade implements [protocol.Protocol].
func (c *connection) ConnectionMade(t protocol.Transport) {
	c.handler.transport = t
	c.Protocol.ConnectionMade(t)
}

// handler gets the messages, of whatever receiver.
type handler struct {
	app       string
	output    io.Writer
	receiver  protocol.Producer
	transport protocol.Transport
}

// LineReceived implements [basic.LineHandler].
func (h *handler) LineReceived(line []byte) { h.StringReceived(line) }

// StringReceived implements [basic.StringHandler].
func (h *handler) StringReceived(s []byte) {
	fmt.Fprintf(h.output, "delivered %x\n", s)
	switch {
	case h.app == AppEcho:
		h.transport.Write(s)
	case h.app == AppStopOnStop && string(s) == "stop":
		h.receiver.StopProducing()
	}
}
