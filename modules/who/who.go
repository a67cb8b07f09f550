// Package who is the active users protocol, RFC 866: a list of users, one on a line, then the connection is closed.
package who

import (
	"fmt"

	"github.com/wasmnet/wasmnet/modules/internal/answer"
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
	parts := []int{0} // where the datagrams begin that the list is sent in: each has whole lines
	for _, user := range c.Users {
		if !settings.Printable(user) || len(user) > answer.MaxLength-len("\r\n") {
			return nil, fmt.Errorf("user %q: want printable text of up to %d bytes", user, answer.MaxLength-len("\r\n"))
		}
		if len(list)+len(user)+len("\r\n")-parts[len(parts)-1] > answer.MaxLength {
			parts = append(parts, len(list))
		}
		list = append(append(list, user...), '\r', '\n')
	}
	parts = append(parts, len(list))
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &teller{list: list} },
		Answer: func(_ []byte, to answer.Asker) {
			for i := 1; i < len(parts); i++ {
				to.Send(list[parts[i-1]:parts[i]])
			}
		},
	}, nil
}

type teller struct {
	protocol.Base
	list []byte
}

func (p *teller) ConnectionMade(t protocol.Transport) {
	t.Write(p.list)
	t.LoseConnection()
}
