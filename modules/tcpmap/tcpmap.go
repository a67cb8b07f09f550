// Package tcpmap is a server of Postfix's TCP table protocol, tcp_table(5): a mail server looks keys up in a table that
// the configuration holds.
package tcpmap

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/percent"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const (
	// MaxLine is the longest request and the longest reply, in bytes with the line end: tcp_table(5).
	MaxLine = 4096
	// DefaultTimeout is how long a connection may be idle unless told otherwise.
	DefaultTimeout = 10 * time.Minute
)

// The codes of replies.
const (
	codeFound   = 200
	codeError   = 400 // the request makes no sense
	codeMissing = 500 // there is no such key
)

// Config is the table.
type Config struct {
	Map map[string]string
	// Timeout is how long a connection may be idle. 0: DefaultTimeout.
	Timeout time.Duration
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{Map: map[string]string{}, Timeout: s.Duration("timeout", DefaultTimeout, time.Second)}
	for _, entry := range s.List("map", "") {
		quotedKey, quoted, _ := strings.Cut(entry, " ")
		key, ok1 := percent.Decode(quotedKey)
		value, ok2 := percent.Decode(strings.TrimLeft(quoted, " "))
		if !ok1 || !ok2 {
			return c, fmt.Errorf("map: entry %q: want KEY VALUE, with %%XX for a blank in the key, and for ; and %%", entry)
		}
		if _, twice := c.Map[key]; twice {
			return c, fmt.Errorf("map: key %q is there twice", key)
		}
		c.Map[key] = value
	}
	return c, s.Err()
}

// New returns a factory of servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Timeout < 0 {
		return nil, errors.New("timeout is below zero")
	}
	for key, value := range c.Map {
		if n := len(reply(codeFound, percent.Encode(value))); n > MaxLine {
			return nil, fmt.Errorf("map: the reply for key %q has %d bytes, more than %d", key, n, MaxLine)
		}
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		p := &server{config: &c}
		p.Handler = p
		p.Delimiter = []byte("\n")
		p.MaxLength = MaxLine - len("\n")
		return p
	}), nil
}

// server answers the requests of one peer.
type server struct {
	basic.LineOnlyReceiver
	config  *Config
	timeout basic.Timeout
}

var _ basic.LineLengthHandler = (*server)(nil)

// ConnectionMade implements [protocol.Protocol].
func (p *server) ConnectionMade(t protocol.Transport) {
	p.LineOnlyReceiver.ConnectionMade(t)
	t.RegisterProducer(p, true) // who does not read replies is not read from
	p.timeout.Set(t.Reactor(), p.config.Timeout, p.close)
}

func (p *server) close() {
	p.Transport.UnregisterProducer()
	p.Transport.LoseConnection()
}

// ConnectionLost implements [protocol.Protocol].
func (p *server) ConnectionLost(error) { p.timeout.Stop() }

// LineReceived implements [basic.LineHandler].
func (p *server) LineReceived(line []byte) {
	p.timeout.Reset()
	command, rest := cut(line)
	switch string(command) {
	case "get":
		p.get(rest)
	case "put":
		if key, value := cut(rest); len(key) == 0 || len(value) == 0 {
			p.reply(codeError, "Command 'put' takes 2 parameters.")
		} else {
			p.reply(codeMissing, "put is not implemented yet.")
		}
	default:
		p.reply(codeError, "unknown command")
	}
}

func (p *server) get(quoted []byte) {
	if len(quoted) == 0 {
		p.reply(codeError, "Command 'get' takes 1 parameters.")
		return
	}
	key, ok := percent.Decode(string(quoted))
	if !ok {
		p.reply(codeError, "Command 'get' takes a key in which % stands before two hexadecimal digits.")
		return
	}
	if value, found := p.config.Map[key]; found {
		p.reply(codeFound, percent.Encode(value))
	} else {
		p.reply(codeMissing, "")
	}
}

// LineLengthExceeded implements [basic.LineLengthHandler].
func (p *server) LineLengthExceeded([]byte) {
	p.reply(codeError, fmt.Sprintf("a request has at most %d bytes", MaxLine))
	p.close()
}

func (p *server) reply(code int, text string) { p.Transport.Write(reply(code, text)) }

func reply(code int, text string) []byte { return fmt.Appendf(nil, "%d %s\n", code, text) }

// cut splits a line at its first blanks; blanks in front do not count.
func cut(line []byte) (first, rest []byte) {
	line = bytes.TrimLeft(line, blanks)
	end := bytes.IndexAny(line, blanks)
	if end < 0 {
		return line, nil
	}
	return line[:end], bytes.TrimLeft(line[end:], blanks)
}

const blanks = " \t\r\v\f"
