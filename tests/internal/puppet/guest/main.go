//go:build wasip1

// Command guest is a puppet in a sandbox: a server, or a program, whose script is in its configuration. It prints what it
// tells.
package main

import (
	"os"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/puppet"
)

func init() {
	wasmnet.Run(func(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
		return puppet.Factory{Stage: stage(r, c)}, nil
	})
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) { stage(r, c).Start() })
}

func main() {}

func stage(r protocol.Reactor, c wasmnet.Config) *puppet.Stage {
	return &puppet.Stage{
		Reactor: r,
		Script:  puppet.Parse(c.Get("script"), c.Get("to")),
		Tell:    func(line string) { os.Stdout.WriteString(line + "\n") },
	}
}
