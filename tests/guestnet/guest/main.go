//go:build wasip1

// Command guest is the guest of the tests: several programs for package net, of which the configuration's "mode" names one.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
)

var modes = map[string]func() error{
	"commands": serveCommands,
	"echo":     serveEcho,
	"http":     serveHTTP,
	"packets":  servePackets,
	"program":  program,
	"refuse":   func() error { return errors.New("as told") },
}

func init() {
	wnet.Main(func() error {
		mode := wasmnet.Config{}.Get("mode")
		f, ok := modes[mode]
		if !ok {
			return fmt.Errorf("mode %q: unknown", mode)
		}
		return f()
	})
}

// program dials before anything else, and copies what comes to standard output.
func program() error {
	c, err := wnet.Dial("tcp", wasmnet.Config{}.Get("address"))
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, c)
	return err
}

func main() {}
