package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func newConnect() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "connect MODULE --to ENDPOINT",
		Short: "Run a sandboxed client protocol on one connection",
		Long: `Dial an endpoint and run a sandboxed protocol on the connection.

The guest's standard output and error pass through unchanged. The command ends with
the connection, or with the status that the guest gives to stop.`,
		Example: `  wasmnet connect echo --to tcp:127.0.0.1:7007
  wasmnet connect client.wasm --to tls:example.org:443:timeout=5`,
		Args: exactly("MODULE"),
	}
	to := cmd.Flags().String("to", "", "a client `endpoint`, such as tcp:HOST:PORT, tls:HOST:PORT or unix:PATH ('wasmnet help endpoints')")
	f := addServiceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *to == "" {
			return usageError{errors.New("--to is missing: where shall it connect (--to tcp:127.0.0.1:8007)")}
		}
		if _, err := endpoint.ParseClient(*to); err != nil {
			return endpointError(err)
		}
		return f.program(cmd, args, func(ctx context.Context, s *host.Service) (int, error) {
			return s.Connect(ctx, *to)
		})
	}
	return cmd
}

func newExec() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exec MODULE [ARGUMENT]...",
		Short: "Run a sandboxed program that has no connection of its own",
		Long: `Run a module as a program: it starts with when_running, and ends when nothing is
pending any more, or with the status that it gives to stop.

What it may dial, listen on and resolve must be granted with --allow; what is denied is
logged with the --allow that would grant it. Its standard output and error pass through
unchanged. Arguments behind the module's name are the program's; put -- before those
that begin with a hyphen.`,
		Example: `  wasmnet exec get https://example.org/ --allow dial=tls:example.org:443
  wasmnet exec fetch.wasm --allow dial=tls:example.org:443 --set url=https://example.org/`,
		Args: atLeast("MODULE"),
	}
	f := addServiceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return f.program(cmd, args, func(ctx context.Context, s *host.Service) (int, error) { return s.Exec(ctx) })
	}
	return cmd
}

// program runs a module, with args, of which the first is its name, beside the reactor until work has ended, or a signal
// ends it.
func (f *serviceFlags) program(cmd *cobra.Command, args []string, work func(context.Context, *host.Service) (int, error)) error {
	module := args[0]
	r, err := f.open(cmd, module, args)
	if err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	ran := make(chan error, 1)
	go func() { ran <- r.reactor.Run() }()
	status, err := work(ctx, r.service)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		err = fmt.Errorf("module %s: %w", module, err)
	}
	if stop := r.reactor.Drain(f.drain); !errors.Is(stop, protocol.ErrNotRunning) {
		err = errors.Join(err, stop)
	}
	if err = errors.Join(err, <-ran, r.close()); err != nil {
		return err
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}
