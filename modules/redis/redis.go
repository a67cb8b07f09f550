// Package redis serves keys and values over the protocol of Redis (RESP2, and RESP3 after HELLO 3): strings, lists,
// hashes, sets and sorted sets that live in memory, with expiry, transactions, blocking pops, and publish and subscribe.
// Replies and errors are those of Redis 7.0.
//
// All clients share the data, and must be on one event loop: listen with the reactor that New was given. Sandboxed, the
// module needs the isolation "service".
package redis

import (
	"errors"

	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Defaults of [Config], in bytes where they are sizes.
const (
	DefaultDatabases  = 16
	DefaultMaxMemory  = 16 << 20
	DefaultMaxBulk    = 1 << 20
	DefaultMaxArgs    = 16384
	DefaultMaxRequest = 4 << 20
	DefaultMaxOutput  = 4 << 20
	DefaultMaxClients = 10000
)

// Config is how the server behaves. Fields that are zero have their defaults.
type Config struct {
	Password   string // which clients must give first; empty: none
	Databases  int    // that SELECT knows
	MaxMemory  int    // size of all data, in bytes; what would go beyond is refused
	MaxBulk    int    // longest key or value, in bytes
	MaxArgs    int    // arguments of a request
	MaxRequest int    // size of a request, or of all requests of a transaction, in bytes
	MaxOutput  int    // replies and messages that may wait for a client, in bytes, before it is dropped
	MaxClients int    // connections at a time
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		Password:   s.Text("password", ""),
		Databases:  s.Int("databases", DefaultDatabases, 1, 1024),
		MaxMemory:  s.Int("max-memory", DefaultMaxMemory, 1, 2<<30-1),
		MaxBulk:    s.Int("max-bulk", DefaultMaxBulk, 1, 512<<20),
		MaxArgs:    s.Int("max-args", DefaultMaxArgs, 1, 1<<20),
		MaxRequest: s.Int("max-request", DefaultMaxRequest, 1, 1<<30),
		MaxOutput:  s.Int("max-output", DefaultMaxOutput, 1, 1<<30),
		MaxClients: s.Int("max-clients", DefaultMaxClients, 1, 1<<20),
	}
	return c, s.Err()
}

// New returns the factory of a new server, which has no data. r tells it the time. It fails on a Config that makes no
// sense.
func New(r protocol.Reactor, c Config) (protocol.Factory, error) {
	for _, limit := range []struct {
		value     *int
		byDefault int
	}{
		{&c.Databases, DefaultDatabases}, {&c.MaxMemory, DefaultMaxMemory}, {&c.MaxBulk, DefaultMaxBulk}, {&c.MaxArgs, DefaultMaxArgs},
		{&c.MaxRequest, DefaultMaxRequest}, {&c.MaxOutput, DefaultMaxOutput}, {&c.MaxClients, DefaultMaxClients},
	} {
		if *limit.value < 0 {
			return nil, errors.New("a limit is below zero")
		}
		if *limit.value == 0 {
			*limit.value = limit.byDefault
		}
	}
	return newServer(r, c), nil
}
