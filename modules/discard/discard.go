// Package discard is the discard protocol, RFC 863: what arrives is thrown away.
package discard

import (
	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Config has nothing to configure.
type Config struct{}

// Configure reads a Config; lookup returns the value of a key.
func Configure(func(key string) (value string, ok bool)) (Config, error) { return Config{}, nil }

// New returns a factory of protocols that throw away what they receive.
func New(protocol.Reactor, Config) (protocol.Factory, error) {
	return &answer.Factory{FactoryFunc: func(protocol.Address) protocol.Protocol { return &protocol.Base{} }}, nil
}
