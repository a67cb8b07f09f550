// Command water passes connections on through WATER, the nearest peer that relays through wazero. It is a module of its
// own so that nobody who uses wasmnet depends on it.
//
//	water WATM LISTEN TO
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/refraction-networking/water"
	_ "github.com/refraction-networking/water/transport/v1"
	"github.com/tetratelabs/wazero"
)

func main() {
	err := fmt.Errorf("%d arguments, 3 are wanted", len(os.Args)-1)
	if len(os.Args) == 4 {
		err = relay(os.Args[1], os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "water:", err)
		os.Exit(1)
	}
}

// relay runs one transport module for each connection.
func relay(file, listen, to string) error {
	module, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	// WATER's own cache is a folder, which would be left behind.
	compiled := water.NewWazeroRuntimeConfigFactory()
	compiled.SetCompilationCache(wazero.NewCompilationCache())
	r, err := water.NewRelayWithContext(context.Background(), &water.Config{
		TransportModuleBin: module, NetworkListener: l, RuntimeConfigFactory: compiled,
		// It would warn, for every connection, of what a module does not have.
		OverrideLogger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return err
	}
	return r.RelayTo("tcp", to)
}
