package reactor

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"runtime"
	"time"
)

// Config says how a [Reactor] is built. The zero value is a good one: every field that is zero has the default that
// its comment names.
type Config struct {
	// Loops is the number of event loops; default: GOMAXPROCS. More loops than processors are never faster.
	Loops int
	// Backend is how sockets are watched: "epoll" (Linux), "kqueue" (macOS and the BSDs), or "net", which works
	// everywhere, on package net with goroutines. Default: the best that the platform has.
	Backend string
	// Threads is the number of goroutines of [DeferToThread] and Loop.DeferToThread; default: 10, as Twisted's.
	Threads int
	// Handshakes is how many TLS handshakes may be under way at a time; default: 256.
	Handshakes int
	// HandshakeTimeout is how long a TLS handshake may take; default: 10 s.
	HandshakeTimeout time.Duration
	// Identities are what StartTLS can be told to use, by name: a server's certificates, a client's roots and
	// certificate. A server that names none has that of the empty name, a client without one the system's roots. A
	// server's ClientCAs say whose certificates count when StartTLS asks clients for them.
	Identities map[string]*tls.Config
	// HighWater, LowWater and HardCap are counted in bytes of one connection's queued output. Above HighWater its
	// producer is paused, at LowWater it is resumed, and beyond HardCap the connection is aborted. Defaults: 64 KiB,
	// 16 KiB, 1 MiB. See [Conn.SetOutputLimits].
	HighWater, LowWater, HardCap int
	// Resolver looks names up; default: the system's.
	Resolver Resolver
	// Logger is told of panics in callbacks, of listeners that cannot accept, and of factories' silent failures;
	// default: slog.Default().
	Logger *slog.Logger
}

// Resolver looks host names up. It is called on goroutines of its own, several at a time. [*net.Resolver] is one.
type Resolver interface {
	// LookupNetIP returns the addresses of host. network is "ip", "ip4" or "ip6".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

var _ Resolver = (*net.Resolver)(nil)

const (
	defaultThreads          = 10
	defaultHandshakes       = 256
	defaultHandshakeTimeout = 10 * time.Second
	defaultHighWater        = 64 << 10
	defaultLowWater         = 16 << 10
	defaultHardCap          = 1 << 20
)

// withDefaults fills in what is zero, and says what is wrong with the rest.
func (c Config) withDefaults() (Config, error) {
	for _, n := range []struct {
		field *int
		name  string
		value int
	}{
		{&c.Loops, "Loops", runtime.GOMAXPROCS(0)},
		{&c.Threads, "Threads", defaultThreads},
		{&c.Handshakes, "Handshakes", defaultHandshakes},
	} {
		if *n.field < 0 {
			return c, fmt.Errorf("reactor: %s is %d, must not be negative", n.name, *n.field)
		}
		if *n.field == 0 {
			*n.field = n.value
		}
	}
	if c.HandshakeTimeout < 0 {
		return c, fmt.Errorf("reactor: HandshakeTimeout is %v, must not be negative", c.HandshakeTimeout)
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = defaultHandshakeTimeout
	}
	if c.HighWater == 0 {
		c.HighWater = defaultHighWater
	}
	if c.LowWater == 0 {
		c.LowWater = min(defaultLowWater, c.HighWater)
	}
	if c.HardCap == 0 {
		c.HardCap = max(defaultHardCap, c.HighWater)
	}
	if err := checkOutputLimits(c.HighWater, c.LowWater, c.HardCap); err != nil {
		return c, err
	}
	if c.Resolver == nil {
		c.Resolver = net.DefaultResolver
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

func checkOutputLimits(high, low, hardCap int) error {
	if low < 0 || high < low || hardCap < high {
		return fmt.Errorf("reactor: output limits must satisfy 0 <= low water (%d) <= high water (%d) <= hard cap (%d)",
			low, high, hardCap)
	}
	return nil
}
