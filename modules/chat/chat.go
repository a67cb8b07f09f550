// Package chat is a room in which everybody who is connected talks to everybody else, a line at a time.
//
// All members must be on one event loop: listen with the reactor that New was given. Sandboxed, the module needs the
// isolation "service".
package chat

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Where a member's name comes from.
const (
	NickAsk  = "ask"  // the first line that the member sends
	NickPeer = "peer" // the peer's address
)

// Defaults of [Config].
const (
	DefaultWelcome    = "Welcome."
	DefaultMaxLine    = 512
	DefaultMaxMembers = 1000
	DefaultMaxRate    = 20
)

// Config is how the room behaves. Fields that are zero have their defaults.
type Config struct {
	Nick       string // NickAsk or NickPeer; default NickAsk
	Welcome    string // first line that a member sees
	MaxLine    int    // longest line of a member, in bytes without its end
	MaxMembers int    // members at a time, also those who have not given their name yet
	MaxRate    int    // lines of a member in a second; what is more is read later
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Nick:       s.Choice("nick", NickAsk, NickPeer),
		Welcome:    s.Text("welcome", DefaultWelcome),
		MaxLine:    s.Int("max-line", DefaultMaxLine, 1, 64<<10),
		MaxMembers: s.Int("max-members", DefaultMaxMembers, 1, 1<<20),
		MaxRate:    s.Int("max-rate", DefaultMaxRate, 1, 1<<20),
	}
	return c, s.Err()
}

// New returns the factory of a new, empty room. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.Nick == "" {
		c.Nick = NickAsk
	}
	if c.Welcome == "" {
		c.Welcome = DefaultWelcome
	}
	if c.MaxLine == 0 {
		c.MaxLine = DefaultMaxLine
	}
	if c.MaxMembers == 0 {
		c.MaxMembers = DefaultMaxMembers
	}
	if c.MaxRate == 0 {
		c.MaxRate = DefaultMaxRate
	}
	switch {
	case c.Nick != NickAsk && c.Nick != NickPeer:
		return nil, fmt.Errorf("nick %q: want %s or %s", c.Nick, NickAsk, NickPeer)
	case c.MaxLine < 0 || c.MaxMembers < 0 || c.MaxRate < 0:
		return nil, errors.New("a limit is below zero")
	}
	return &room{config: c, names: map[string]*member{}}, nil
}

// room is the factory and what its members share.
type room struct {
	config  Config
	count   int                // connections
	members []*member          // those with a name, in the order they came
	names   map[string]*member // by their folded names
}

// BuildProtocol implements [protocol.Factory].
func (r *room) BuildProtocol(peer protocol.Address) protocol.Protocol {
	m := &member{room: r, peer: peer}
	m.Handler = m
	m.Delimiter = []byte("\n")
	m.MaxLength = r.config.MaxLine
	return m
}

// tell sends a line to all members but one.
func (r *room) tell(but *member, format string, args ...any) {
	text := line(format, args...)
	for _, m := range r.members {
		if m != but {
			m.send(text)
		}
	}
}
