//go:build wasip1

// Command builtin is the guest that all built-in modules are: configuration says which one an instance is.
package main

import (
	"fmt"
	"os"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/modules/chargen"
	"github.com/wasmnet/wasmnet/modules/chat"
	"github.com/wasmnet/wasmnet/modules/daytime"
	"github.com/wasmnet/wasmnet/modules/discard"
	"github.com/wasmnet/wasmnet/modules/echo"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/modules/qotd"
	timeprotocol "github.com/wasmnet/wasmnet/modules/time"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() { wasmnet.Run(start) }

func main() {}

// start makes the factory of the module that configuration names.
func start(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
	switch name := c.Get("wasmnet.module"); name {
	case "chargen":
		return build(r, c, chargen.Configure, chargen.New)
	case "chat":
		return build(r, c, chat.Configure, chat.New)
	case "daytime":
		return build(r, c, daytime.Configure, daytime.New)
	case "discard":
		return build(r, c, discard.Configure, discard.New)
	case "echo":
		return build(r, c, echo.Configure, echo.New)
	case "framing":
		return build(r, c, framing.Configure, func(r protocol.Reactor, c framing.Config) (protocol.Factory, error) {
			c.Output = os.Stdout
			return framing.New(r, c)
		})
	case "qotd":
		return build(r, c, qotd.Configure, qotd.New)
	case "time":
		return build(r, c, timeprotocol.Configure, timeprotocol.New)
	default:
		return nil, fmt.Errorf("wasmnet.module=%q: not a built-in module", name)
	}
}

func build[C any](
	r protocol.Reactor, c wasmnet.Config,
	configure func(lookup func(key string) (string, bool)) (C, error),
	new func(protocol.Reactor, C) (protocol.Factory, error),
) (protocol.Factory, error) {
	config, err := configure(c.Lookup)
	if err != nil {
		return nil, err
	}
	return new(r, config)
}
