// Package qotd is the quote of the day protocol, RFC 865: a short message, then the connection is closed.
package qotd

import (
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/answer"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	// DefaultQuote is sent where no other is configured.
	DefaultQuote = "An apple a day keeps the doctor away."
	// MaxLength is the longest quote, in bytes with its line ends: RFC 865 asks for less than 512 characters.
	MaxLength = 511
)

// Config is what is sent.
type Config struct {
	// Quotes are sent in turn, each for a day (UTC). None: [DefaultQuote]. Lines are separated by "\n".
	Quotes []string
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	// A line with nothing but a percent sign separates quotes, as in files of fortune(6).
	c := Config{Quotes: strings.Split(s.Text("quote", DefaultQuote), "\n%\n")}
	return c, s.Err()
}

// New returns a factory of protocols that send the quote of the reactor's day. It fails if a quote is empty or too
// long.
func New(r protocol.Reactor, c Config) (protocol.Factory, error) {
	if len(c.Quotes) == 0 {
		c.Quotes = []string{DefaultQuote}
	}
	var messages [][]byte
	for i, quote := range c.Quotes {
		quote = strings.TrimRight(quote, "\n")
		m := strings.ReplaceAll(quote+"\n", "\n", "\r\n")
		if quote == "" || len(m) > MaxLength {
			return nil, fmt.Errorf("quote %d: has %d bytes with its line ends, want 3 to %d", i+1, len(m), MaxLength)
		}
		messages = append(messages, []byte(m))
	}
	today := func() []byte {
		day := r.Now().Unix() / int64(24*time.Hour/time.Second)
		return messages[uint64(day)%uint64(len(messages))]
	}
	return &answer.Factory{
		FactoryFunc: func(protocol.Address) protocol.Protocol { return &teller{today: today} },
		Answer:      func(_ []byte, to answer.Asker) { to.Send(today()) },
	}, nil
}

type teller struct {
	protocol.Base
	today func() []byte
}

func (p *teller) ConnectionMade(t protocol.Transport) {
	t.Write(p.today())
	t.LoseConnection()
}
