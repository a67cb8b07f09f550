// Package builtin says how each of the built-in modules is made, for a guest and for native use alike.
package builtin

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/modules/amp"
	"github.com/wasmnet/wasmnet/modules/chargen"
	"github.com/wasmnet/wasmnet/modules/chat"
	"github.com/wasmnet/wasmnet/modules/daytime"
	"github.com/wasmnet/wasmnet/modules/discard"
	"github.com/wasmnet/wasmnet/modules/dns"
	"github.com/wasmnet/wasmnet/modules/echo"
	"github.com/wasmnet/wasmnet/modules/finger"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/modules/get"
	"github.com/wasmnet/wasmnet/modules/ident"
	"github.com/wasmnet/wasmnet/modules/portforward"
	"github.com/wasmnet/wasmnet/modules/qotd"
	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/modules/socks"
	"github.com/wasmnet/wasmnet/modules/tcpmap"
	timeprotocol "github.com/wasmnet/wasmnet/modules/time"
	"github.com/wasmnet/wasmnet/modules/web"
	"github.com/wasmnet/wasmnet/modules/who"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Builder makes a module's factory. lookup returns the value of a configuration key.
type Builder func(r protocol.Reactor, lookup func(key string) (value string, ok bool)) (protocol.Factory, error)

// Wire holds the modules of the bundle "wire" by name: those written on package protocol.
var Wire = map[string]Builder{
	"amp": builder(amp.Configure, func(r protocol.Reactor, c amp.Config) (protocol.Factory, error) {
		c.Output = os.Stdout
		return amp.New(r, c)
	}),
	"chargen": builder(chargen.Configure, chargen.New),
	"chat":    builder(chat.Configure, chat.New),
	"daytime": builder(daytime.Configure, daytime.New),
	"discard": builder(discard.Configure, discard.New),
	"dns":     builder(dns.Configure, func(r protocol.Reactor, c dns.Config) (protocol.Factory, error) { return dns.New(r, c) }),
	"echo":    builder(echo.Configure, echo.New),
	"finger":  builder(finger.Configure, finger.New),
	"framing": builder(framing.Configure, func(r protocol.Reactor, c framing.Config) (protocol.Factory, error) {
		c.Output = os.Stdout
		return framing.New(r, c)
	}),
	"get": builder(get.Configure, func(protocol.Reactor, get.Config) (protocol.Factory, error) {
		return get.New(os.Args)
	}),
	"ident":       builder(ident.Configure, ident.New),
	"portforward": builder(portforward.Configure, portforward.New),
	"qotd":        builder(qotd.Configure, qotd.New),
	"redis":       builder(redis.Configure, redis.New),
	"socks":       builder(socks.Configure, socks.New),
	"tcpmap":      builder(tcpmap.Configure, tcpmap.New),
	"time":        builder(timeprotocol.Configure, timeprotocol.New),
	"web": builder(web.Configure, func(r protocol.Reactor, c web.Config) (protocol.Factory, error) {
		c.Files, c.Output = os.DirFS(c.Root), os.Stdout
		return web.New(r, c)
	}),
	"who": builder(who.Configure, who.New),
}

// WirePrograms are those modules of the bundle "wire" that are programs: what they do when they run, with the arguments of
// the process. Their builders refuse to serve.
var WirePrograms = map[string]func(r protocol.Reactor, lookup func(key string) (value string, ok bool)){
	"get": func(r protocol.Reactor, lookup func(key string) (string, bool)) {
		c, _ := get.Configure(lookup) // the builder has seen it
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		get.Run(r, c, os.Args)
	},
}

func builder[C any](
	configure func(lookup func(key string) (string, bool)) (C, error), build func(protocol.Reactor, C) (protocol.Factory, error),
) Builder {
	return func(r protocol.Reactor, lookup func(key string) (string, bool)) (protocol.Factory, error) {
		config, err := configure(lookup)
		if err != nil {
			return nil, err
		}
		return build(r, config)
	}
}

// Build makes the factory of the module called name, which is one of of.
func Build(of map[string]Builder, name string, r protocol.Reactor, lookup func(string) (string, bool)) (protocol.Factory, error) {
	b, ok := of[name]
	if !ok {
		return nil, fmt.Errorf("module %q: not in this bundle", name)
	}
	return b(r, lookup)
}
