// Package servers says how the modules of the bundle "net" are made: those that are written for package net, with
// goroutines and blocking reads. It is a package of its own so that the bundle "wire" does not hold net/http.
package servers

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/wasmnet/wasmnet/modules/nethttp"
	"github.com/wasmnet/wasmnet/modules/reverseproxy"
	"github.com/wasmnet/wasmnet/modules/websocket"
)

// A Server is a module that has been configured.
type Server struct {
	Serve func(net.Listener) error // returns when the listener is closed
	Warm  func(net.Conn)           // a client whose request needs nothing of the network, made before the image is taken
}

// Dialers connect for a server.
type Dialers struct {
	Plain, TLS func(ctx context.Context, network, address string) (net.Conn, error)
}

// Builder makes a server. lookup returns the value of a configuration key.
type Builder func(lookup func(key string) (value string, ok bool), d Dialers) (Server, error)

// Net holds the modules of the bundle "net" by name.
var Net = map[string]Builder{
	"nethttp": func(lookup func(string) (string, bool), _ Dialers) (Server, error) {
		c, err := nethttp.Configure(lookup)
		c.Files = os.DirFS(c.Root)
		return Server{nethttp.New(c), nethttp.Warm}, err
	},
	"reverseproxy": func(lookup func(string) (string, bool), d Dialers) (Server, error) {
		c, err := reverseproxy.Configure(lookup)
		return Server{reverseproxy.New(c, reverseproxy.Dialers(d)), reverseproxy.Warm}, err
	},
	"websocket": func(lookup func(string) (string, bool), _ Dialers) (Server, error) {
		c, err := websocket.Configure(lookup)
		return Server{websocket.New(c), websocket.Warm}, err
	},
}

// Build makes the server of the module called name.
func Build(name string, lookup func(string) (string, bool), d Dialers) (Server, error) {
	b, ok := Net[name]
	if !ok {
		return Server{}, fmt.Errorf("module %q: not in this bundle", name)
	}
	return b(lookup, d)
}
