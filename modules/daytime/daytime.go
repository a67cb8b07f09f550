// Package daytime is the daytime protocol, RFC 867: the date and time as a line of text, then the connection is closed.
package daytime

import (
	"errors"
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DefaultLayout is the form that RFC 867 gives as its example.
const DefaultLayout = "Monday, January 2, 2006 15:04:05-MST"

// Config is how the time is written.
type Config struct {
	// Layout is a layout of package time, one line. Empty: [DefaultLayout]. The time is UTC: a guest has no database
	// of time zones.
	Layout string
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{Layout: s.Text("layout", DefaultLayout)}
	return c, s.Err()
}

// New returns a factory of protocols that tell the reactor's time. It fails if the layout is not one line.
func New(r protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Layout == "" {
		c.Layout = DefaultLayout
	}
	if strings.ContainsAny(c.Layout, "\r\n") {
		return nil, errors.New("layout: has more than one line")
	}
	line := func() []byte { return append(r.Now().UTC().AppendFormat(nil, c.Layout), '\r', '\n') }
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &teller{line: line} },
		Answer:      func(_ []byte, to answer.Asker) { to.Send(line()) },
	}, nil
}

type teller struct {
	protocol.Base
	line func() []byte
}

func (p *teller) ConnectionMade(t protocol.Transport) {
	t.Write(p.line())
	t.LoseConnection()
}
