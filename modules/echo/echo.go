// Package echo is the echo protocol, RFC 862: what arrives is sent back.
package echo

import (
	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Config has nothing to configure.
type Config struct{}

// Configure reads a Config; lookup returns the value of a key.
func Configure(func(key string) (value string, ok bool)) (Config, error) { return Config{}, nil }

// New returns a factory of echoes, of connections and of datagrams.
func New(protocol.Reactor, Config) (protocol.Factory, error) {
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &echo{} },
		Answer:      func(question []byte, to answer.Asker) { to.Send(question) },
	}, nil
}

// echo is its own transport's producer, so that a peer which sends and does not read is not read from.
type echo struct{ protocol.Base }

var _ protocol.Producer = (*echo)(nil)

func (e *echo) ConnectionMade(t protocol.Transport) {
	e.Base.ConnectionMade(t)
	t.RegisterProducer(e, true)
}

func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }

// PauseProducing implements [protocol.Producer].
func (e *echo) PauseProducing() { e.Transport.PauseReading() }

// ResumeProducing implements [protocol.Producer].
func (e *echo) ResumeProducing() { e.Transport.ResumeReading() }

// StopProducing implements [protocol.Producer].
func (e *echo) StopProducing() {}
