// Package timeprotocol is the time protocol, RFC 868: the seconds since 1900 as four bytes, then the connection is
// closed. Its name as a built-in is "time".
package timeprotocol

import (
	"encoding/binary"

	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// from1900 is 1970-01-01 00:00 GMT, as RFC 868 gives it.
const from1900 = 2_208_988_800

// Config has nothing to configure.
type Config struct{}

// Configure reads a Config; lookup returns the value of a key.
func Configure(func(key string) (value string, ok bool)) (Config, error) { return Config{}, nil }

// New returns a factory of protocols that tell the reactor's time.
func New(r protocol.Reactor, _ Config) (protocol.Factory, error) {
	// The number is the time modulo 2^32: it begins again at 0 in February 2036.
	now := func() []byte { return binary.BigEndian.AppendUint32(nil, uint32(r.Now().Unix()+from1900)) }
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &teller{now: now} },
		Answer:      func(_ []byte, to answer.Asker) { to.Send(now()) },
	}, nil
}

type teller struct {
	protocol.Base
	now func() []byte
}

func (p *teller) ConnectionMade(t protocol.Transport) {
	t.Write(p.now())
	t.LoseConnection()
}
