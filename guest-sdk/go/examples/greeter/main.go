//go:build wasip1

// Command greeter reads lines and answers each. It shows configuration, a timer and a reader of lines.
//
//	wasmnet run ./greeter.wasm --listen tcp:7777 --set greeting=Ahoy --set patience=10s
package main

import (
	"fmt"
	"time"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	wasmnet.Run(func(_ protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		g := greeter{greeting: "Hello", patience: time.Minute}
		if v := c.Get("greeting"); v != "" {
			g.greeting = v
		}
		if v := c.Get("patience"); v != "" {
			d, err := time.ParseDuration(v)
			if err != nil {
				return nil, fmt.Errorf("patience: %w", err)
			}
			g.patience = d
		}
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			p := g
			p.Handler = &p
			return &p
		}), nil
	})
}

func main() {}

// greeter greets until the peer falls silent.
type greeter struct {
	basic.LineReceiver
	greeting string
	patience time.Duration
	silence  protocol.DelayedCall
}

func (g *greeter) ConnectionMade(t protocol.Transport) {
	g.LineReceiver.ConnectionMade(t)
	g.silence = t.Reactor().CallLater(g.patience, func() {
		g.SendLine([]byte("Good bye."))
		t.LoseConnection()
	})
}

func (g *greeter) LineReceived(name []byte) {
	g.silence.Reset(g.patience)
	g.SendLine(fmt.Appendf(nil, "%s, %s!", g.greeting, name))
}

func (g *greeter) ConnectionLost(error) {
	if g.silence.Active() {
		g.silence.Cancel()
	}
}
