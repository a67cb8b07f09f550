// Package chargen is the character generator protocol, RFC 864: lines of 72 printable characters for as long as the
// peer reads them. What the peer sends is thrown away.
package chargen

import (
	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	columns   = 72
	printable = int('~' - ' ' + 1)
)

// page is the whole pattern: every line begins one character later than the one before, and after as many lines as
// there are printable characters the first comes again.
var page = makePage()

func makePage() []byte {
	p := make([]byte, 0, printable*(columns+2))
	for line := range printable {
		for column := range columns {
			p = append(p, byte(' '+(line+column)%printable))
		}
		p = append(p, '\r', '\n')
	}
	return p
}

// Config has nothing to configure.
type Config struct{}

// Configure reads a Config; lookup returns the value of a key.
func Configure(func(key string) (value string, ok bool)) (Config, error) { return Config{}, nil }

// New returns a factory of generators, of connections and of datagrams. A datagram is answered with one line, or with as
// much as was sent, up to [answer.MaxLength]: the service is no good for flooding somebody else with large answers.
func New(protocol.Reactor, Config) (protocol.Factory, error) {
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &generator{} },
		Answer: func(question []byte, to answer.Asker) {
			to.Send(page[:min(max(len(question), columns+2), answer.MaxLength)])
		},
	}, nil
}

// generator is a pull producer: it writes one page whenever the page before is gone.
type generator struct{ protocol.Base }

var _ protocol.Producer = (*generator)(nil)

func (g *generator) ConnectionMade(t protocol.Transport) {
	g.Base.ConnectionMade(t)
	t.RegisterProducer(g, false)
}

// ResumeProducing implements [protocol.Producer].
func (g *generator) ResumeProducing() { g.Transport.Write(page) }

// PauseProducing implements [protocol.Producer].
func (g *generator) PauseProducing() {}

// StopProducing implements [protocol.Producer].
func (g *generator) StopProducing() {}
