// Package ident is a server of the identification protocol, RFC 1413: a peer asks whose connection it is, by the two
// ports, and is told what the configuration says.
package ident

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/lines"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The errors of RFC 1413, 4.
const (
	InvalidPort  = "INVALID-PORT"
	NoUser       = "NO-USER"
	HiddenUser   = "HIDDEN-USER"
	UnknownError = "UNKNOWN-ERROR"
)

const (
	// MaxQuery is the longest line of a peer, in bytes without its end: RFC 1413, 6.
	MaxQuery = 1000
	// MaxUser is the longest user identifier, in bytes: RFC 1413, 6.
	MaxUser = 512
	// DefaultTimeout is how long a connection may be idle unless told otherwise; RFC 1413, 2 asks for 60 to 180 s.
	DefaultTimeout = 3 * time.Minute
)

// Answer is what a query gets: a user, or an error.
type Answer struct {
	System string // operating system: UNIX, or what else RFC 1413 names
	User   string // identifier of the user on this system
	Error  string // InvalidPort, NoUser, HiddenUser or UnknownError in their place
}

// Entry is an answer for some connections.
type Entry struct {
	// ServerPort and ClientPort are the ports at the server's and at the asking end. 0: any.
	ServerPort, ClientPort int
	Answer                 Answer
}

// Config is who owns connections.
type Config struct {
	Entries []Entry // the first one that fits is the answer
	// Default is the answer where none fits. None: UnknownError.
	Default Answer
	// Timeout is how long a connection may be idle. 0: DefaultTimeout.
	Timeout time.Duration
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Default: parseAnswer(s.Text("default", UnknownError)),
		Timeout: s.Duration("timeout", DefaultTimeout, time.Second),
	}
	for _, text := range s.List("table", "") {
		e, err := parseEntry(text)
		if err != nil {
			return c, err
		}
		c.Entries = append(c.Entries, e)
	}
	return c, s.Err()
}

func (a Answer) check() error {
	switch a.Error {
	case InvalidPort, NoUser, HiddenUser, UnknownError:
		return nil
	case "":
	default:
		return fmt.Errorf("answer %q: want SYSTEM,USER, %s, %s, %s or %s", a.Error, InvalidPort, NoUser, HiddenUser, UnknownError)
	}
	switch {
	case !settings.Printable(a.System) || strings.Contains(a.System, ":"):
		return fmt.Errorf("system %q: want printable text without a colon", a.System)
	case !settings.Printable(a.User) || len(a.User) > MaxUser:
		return fmt.Errorf("user %q: want printable text of up to %d bytes", a.User, MaxUser)
	}
	return nil
}

// New returns a factory of servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Default == (Answer{}) {
		c.Default.Error = UnknownError
	}
	var err error
	if c.Timeout, err = lines.Patience(c.Timeout, DefaultTimeout); err != nil {
		return nil, err
	}
	if err := c.Default.check(); err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	for _, e := range c.Entries {
		if err := e.Answer.check(); err != nil {
			return nil, fmt.Errorf("table: %w", err)
		}
	}
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		p := &server{config: &c}
		p.Init(p, MaxQuery+len("\r"), c.Timeout)
		return p
	}), nil
}

// server answers the queries of one peer.
type server struct {
	lines.Server
	config *Config
}

// LineReceived implements [basic.LineHandler]. A line that is not a query ends the connection: RFC 1413, 4.
func (p *server) LineReceived(line []byte) {
	p.Heard()
	server, client, ok := parseQuery(bytes.TrimSuffix(line, []byte("\r")))
	if !ok {
		p.Close()
		return
	}
	answer := Answer{Error: InvalidPort}
	if a, b := portOf(server), portOf(client); a > 0 && b > 0 {
		answer = p.config.lookup(a, b)
	}
	if answer.Error != "" {
		p.reply("%s, %s : ERROR : %s\r\n", server, client, answer.Error)
	} else {
		p.reply("%s, %s : USERID : %s : %s\r\n", server, client, answer.System, answer.User)
	}
}

func (p *server) reply(format string, args ...any) {
	p.Transport.Write(fmt.Appendf(nil, format, args...))
}

// lookup finds the answer for a pair of ports.
func (c *Config) lookup(server, client int) Answer {
	for _, e := range c.Entries {
		if (e.ServerPort == 0 || e.ServerPort == server) && (e.ClientPort == 0 || e.ClientPort == client) {
			return e.Answer
		}
	}
	return c.Default
}
