// Package tcpmap is a server of Postfix's TCP table protocol, tcp_table(5): a mail server looks keys up in a table that
// the configuration holds.
package tcpmap

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/lines"
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
	var err error
	if c.Timeout, err = lines.Patience(c.Timeout, DefaultTimeout); err != nil {
		return nil, err
	}
	for key, value := range c.Map {
		if n := len(reply(codeFound, percent.Encode(value))); n > MaxLine {
			return nil, fmt.Errorf("map: the reply for key %q has %d bytes, more than %d", key, n, MaxLine)
		}
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		p := &server{config: &c}
		p.Init(p, MaxLine-len("\n"), c.Timeout)
		return p
	}), nil
}

// server answers the requests of one peer.
type server struct {
	lines.Server
	config *Config
}

var _ basic.LineLengthHandler = (*server)(nil)

// LineReceived implements [basic.LineHandler].
func (p *server) LineReceived(line []byte) {
	p.Heard()
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
	p.Close()
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
