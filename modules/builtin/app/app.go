// Package app lists the modules of the bundle "app": the larger ones that are written on package protocol.
package app

import (
	"os"

	"github.com/wasmnet/wasmnet/modules/amp"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/dns"
	"github.com/wasmnet/wasmnet/modules/get"
	"github.com/wasmnet/wasmnet/modules/internal/folder"
	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/modules/web"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Modules holds them by name.
var Modules = map[string]builtin.Builder{
	"amp": builtin.Of(amp.Configure, func(r protocol.Reactor, c amp.Config) (protocol.Factory, error) {
		c.Output = os.Stdout
		return amp.New(r, c)
	}),
	"dns": builtin.Of(dns.Configure, func(r protocol.Reactor, c dns.Config) (protocol.Factory, error) { return dns.New(r, c) }),
	"get": builtin.Of(get.Configure, func(protocol.Reactor, get.Config) (protocol.Factory, error) {
		return get.New(os.Args)
	}),
	"redis": builtin.Of(redis.Configure, redis.New),
	"web": builtin.Of(web.Configure, func(r protocol.Reactor, c web.Config) (protocol.Factory, error) {
		c.Files, c.Output = folder.FS(c.Root), os.Stdout
		return web.New(r, c)
	}),
}

// Programs are those modules of the bundle that are programs: what they do when they run, with the arguments of the
// process. Their builders refuse to serve.
var Programs = map[string]func(r protocol.Reactor, lookup func(key string) (value string, ok bool)){
	"get": func(r protocol.Reactor, lookup func(key string) (string, bool)) {
		c, _ := get.Configure(lookup) // the builder has seen it
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		get.Run(r, c, os.Args)
	},
}
