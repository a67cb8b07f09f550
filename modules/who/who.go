// Package who is the active users protocol, RFC 866: a list of users, one on a line, then the connection is closed.
package who

import (
	"fmt"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DefaultUser is told of where no other is configured.
const DefaultUser = "root"

// Config is who is told of.
type Config struct {
	// Users are lines of printable text. None: [DefaultUser].
	Users []string
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{Users: s.List("users", DefaultUser)}
	return c, s.Err()
}

// New returns a factory of protocols that tell the list. It fails if a user's line is not printable.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if len(c.Users) == 0 {
		c.Users = []string{DefaultUser}
	}
	var list []byte
	for _, user := range c.Users {
		if !settings.Printable(user) {
			return nil, fmt.Errorf("user %q: want printable text", user)
		}
		list = append(append(list, user...), '\r', '\n')
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &teller{list: list} }), nil
}

type teller struct {
	protocol.Base
	list []byte
}

func (p *teller) ConnectionMade(t protocol.Transport) {
	t.Write(p.list)
	t.LoseConnection()
}
