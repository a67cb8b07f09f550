// Package socks is a proxy server of SOCKS 4, 4a and 5 (RFC 1928) with names and passwords (RFC 1929): a client says
// where it wants to go, and from then on the bytes pass. CONNECT dials, BIND waits for one connection from a peer, and UDP
// ASSOCIATE relays datagrams.
package socks

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/relay"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// How bytes of a connection are passed on.
const (
	ModeSplice = relay.Splice // by the host, in the kernel where it can
	ModeRelay  = relay.Relay  // by the guest
)

// What a client can ask for.
const (
	CommandConnect = "connect"
	CommandBind    = "bind"
	CommandUDP     = "udp"
)

// Defaults of [Config].
const (
	DefaultTimeout        = 30 * time.Second
	DefaultConnectTimeout = 30 * time.Second
	DefaultBindTimeout    = 2 * time.Minute // what the specification of SOCKS 4 has
)

// User may use the proxy. Name and password have 1 to 255 bytes: RFC 1929, 2.
type User struct{ Name, Password string }

// Config is who may do what. Fields that are zero have their defaults.
type Config struct {
	// Users, if there are any, have to identify themselves, which SOCKS 4 cannot. None: anybody may use the proxy.
	Users []User
	// Rules say which destinations are allowed; the first one that fits decides, and what none fits is denied. None:
	// all are.
	Rules []Rule
	// Commands are those that are served. None: all of them.
	Commands []string
	// Mode is ModeSplice (the default) or ModeRelay.
	Mode string
	// BindAddress is where BIND listens and UDP is sent from. Invalid: BIND listens at the address that the client has
	// connected to, and the system chooses for UDP.
	BindAddress netip.Addr
	// BindLow and BindHigh are the ports that BIND may take. 0: any that is free.
	BindLow, BindHigh uint16
	// Timeout is how long a client may take for its request, ConnectTimeout how long connecting may take, and
	// BindTimeout how long BIND waits for the peer.
	Timeout, ConnectTimeout, BindTimeout time.Duration
}

var commands = []string{CommandConnect, CommandBind, CommandUDP}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Commands:       s.List("commands", strings.Join(commands, ";")),
		Mode:           s.Choice("mode", ModeSplice, ModeRelay),
		Timeout:        s.Duration("timeout", DefaultTimeout, time.Second),
		ConnectTimeout: s.Duration("connect-timeout", DefaultConnectTimeout, time.Second),
		BindTimeout:    s.Duration("bind-timeout", DefaultBindTimeout, time.Second),
	}
	errs := []error{s.Err()}
	for _, entry := range s.List("users", "") {
		name, password, _ := strings.Cut(entry, ":")
		c.Users = append(c.Users, User{name, password})
	}
	for _, entry := range s.List("rules", "") {
		r, err := ParseRule(entry)
		c.Rules, errs = append(c.Rules, r), append(errs, err)
	}
	if text := s.Text("bind-address", ""); text != "" {
		a, err := netip.ParseAddr(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("bind-address=%q: want an address", text))
		}
		c.BindAddress = a
	}
	if text := s.Text("bind-ports", "0"); text != "0" {
		var ok bool
		if c.BindLow, c.BindHigh, ok = parsePorts(text); !ok || c.BindLow == 0 {
			errs = append(errs, fmt.Errorf("bind-ports=%q: want a port, LOW-HIGH, or 0 for any", text))
		}
	}
	return c, errors.Join(errs...)
}

// service is the factory.
type service struct{ Config }

// New returns a factory of proxy servers. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if len(c.Commands) == 0 {
		c.Commands = commands
	}
	if c.Mode == "" {
		c.Mode = ModeSplice
	}
	for _, d := range []struct {
		field     *time.Duration
		byDefault time.Duration
	}{{&c.Timeout, DefaultTimeout}, {&c.ConnectTimeout, DefaultConnectTimeout}, {&c.BindTimeout, DefaultBindTimeout}} {
		if *d.field == 0 {
			*d.field = d.byDefault
		}
		if *d.field < time.Second {
			return nil, fmt.Errorf("a timeout is %v, want at least 1s", *d.field)
		}
	}
	for _, u := range c.Users {
		if n, m := len(u.Name), len(u.Password); n < 1 || n > 255 || m < 1 || m > 255 {
			return nil, fmt.Errorf("user %q: want NAME:PASSWORD, of 1 to 255 bytes each", u.Name)
		}
	}
	for _, name := range c.Commands {
		if !slices.Contains(commands, name) {
			return nil, fmt.Errorf("command %q: want %s", name, strings.Join(commands, ", "))
		}
	}
	if c.Mode != ModeSplice && c.Mode != ModeRelay {
		return nil, fmt.Errorf("mode %q: want %s or %s", c.Mode, ModeSplice, ModeRelay)
	}
	if c.BindHigh < c.BindLow {
		return nil, fmt.Errorf("bind ports %d to %d: want the lower one first", c.BindLow, c.BindHigh)
	}
	f := &service{c}
	relay.Rehearse(&dial{})
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &session{service: f} }), nil
}

// knows reports whether a user may use the proxy with this password. How long it takes tells nothing about passwords.
func (f *service) knows(name, password string) bool {
	known := 0
	for _, u := range f.Users {
		known |= subtle.ConstantTimeCompare([]byte(u.Name), []byte(name)) &
			subtle.ConstantTimeCompare([]byte(u.Password), []byte(password))
	}
	return known == 1
}

// allows reports whether the rules allow a destination: an address, and the name that led to it or "".
func (f *service) allows(name string, addr netip.AddrPort) bool {
	for i := range f.Rules {
		if f.Rules[i].fits(name, addr) {
			return f.Rules[i].Allow
		}
	}
	return len(f.Rules) == 0
}
