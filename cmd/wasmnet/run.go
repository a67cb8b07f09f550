package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// noticeable is how long a start may take before a word about it.
const noticeable = time.Second

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run MODULE --listen ENDPOINT...",
		Short: "Serve a sandboxed protocol",
		Long: `Serve a sandboxed protocol on one or more endpoints.

When it is ready it writes a line for each endpoint to standard error, with the real
port. SIGINT or SIGTERM stop accepting and let connections finish; a second one ends
at once. SIGHUP loads the module's file anew, for the connections to come. With stdio: it
serves one connection on its standard input and output, and ends with it.

'wasmnet help endpoints', 'limits', 'grants' and 'running' tell the rest.`,
		Example: `  wasmnet run echo --listen tcp:7007
  wasmnet run chat --listen tcp:6667:interface=127.0.0.1 --set welcome=hello
  wasmnet run handler.wasm --listen ssl:8443:privateKey=key.pem:certKey=cert.pem --allow dial=tcp:192.0.2.7:6379`,
		Args: exactly("MODULE"),
	}
	listen := cmd.Flags().StringArray("listen", nil, "a server `endpoint`, such as tcp:8007 or unix:/run/echo.sock; repeatable ('wasmnet help endpoints')")
	metrics := cmd.Flags().String("metrics", "", "a server `endpoint` on which GET /metrics gives statistics in the format of Prometheus")
	f := addServiceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		endpoints, err := parseServers(*listen)
		if err != nil {
			return err
		}
		statistics, err := parseMetrics(*metrics)
		if err != nil {
			return err
		}
		notice := time.AfterFunc(noticeable, func() {
			fmt.Fprintf(cmd.ErrOrStderr(), "wasmnet: compiling %s\n", args[0])
		})
		r, err := f.open(cmd, args[0], nil)
		notice.Stop()
		if err != nil {
			return err
		}
		ready, err := r.listen(endpoints, statistics)
		if err != nil {
			// What was opened is closed on the loops.
			r.reactor.CallWhenRunning(func() { _ = r.reactor.Stop() })
			return errors.Join(err, r.reactor.Run(), r.close())
		}
		noReload := func() {}
		if !slices.ContainsFunc(endpoints, isStdio) {
			noReload = r.reloadOnHangup()
		}
		for _, line := range ready {
			fmt.Fprintf(cmd.ErrOrStderr(), "wasmnet: %s\n", line)
		}
		r.reactor.HandleSignals(f.drain)
		err = r.reactor.Run()
		noReload()
		return errors.Join(err, r.close())
	}
	return cmd
}

func parseServers(texts []string) ([]*endpoint.Server, error) {
	if len(texts) == 0 {
		return nil, usageError{errors.New("--listen is missing: where shall it listen (--listen tcp:8007)")}
	}
	var all []*endpoint.Server
	for _, text := range texts {
		e, err := endpoint.ParseServer(text)
		if err != nil {
			return nil, endpointError(err)
		}
		all = append(all, e)
	}
	return all, nil
}

// endpointError is an error of package endpoint: a mistake in the command line, unless it has to do with a file.
func endpointError(err error) error {
	if err == nil {
		return nil
	}
	var parse *endpoint.ParseError
	if errors.As(err, &parse) && parse.Err != nil {
		return err
	}
	return usageError{err}
}
