package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func newRun() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run MODULE --listen ENDPOINT...",
		Short: "Serve a sandboxed protocol",
		Long: `Serve a sandboxed protocol on one or more endpoints.

When it is ready it writes a line for each endpoint to standard error, with the real
port. SIGINT or SIGTERM stop accepting and let connections finish; a second one ends
at once. With stdio: it serves one connection on its standard input and output, and ends
with it.

'wasmnet help endpoints', 'limits', 'grants' and 'running' tell the rest.`,
		Example: `  wasmnet run echo --listen tcp:7007
  wasmnet run chat --listen tcp:6667:interface=127.0.0.1 --set welcome=hello
  wasmnet run handler.wasm --listen ssl:8443:privateKey=key.pem:certKey=cert.pem --allow dial=tcp:192.0.2.7:6379`,
		Args: exactly("MODULE"),
	}
	listen := cmd.Flags().StringArray("listen", nil, "a server `endpoint`, such as tcp:8007 or unix:/run/echo.sock; repeatable ('wasmnet help endpoints')")
	f := addServiceFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		endpoints, err := parseServers(*listen)
		if err != nil {
			return err
		}
		r, err := f.open(cmd, args[0], nil)
		if err != nil {
			return err
		}
		ready, err := r.listen(endpoints)
		if err != nil {
			// What was opened is closed on the loops.
			r.reactor.CallWhenRunning(func() { _ = r.reactor.Stop() })
			return errors.Join(err, r.reactor.Run(), r.close())
		}
		for _, line := range ready {
			fmt.Fprintf(cmd.ErrOrStderr(), "wasmnet: %s listening on %s\n", r.name, line)
		}
		r.reactor.HandleSignals(f.drain)
		return errors.Join(r.reactor.Run(), r.close())
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
	var parse *endpoint.ParseError
	if errors.As(err, &parse) && parse.Err != nil {
		return err
	}
	return usageError{err}
}

// listen opens the endpoints, all or none, and returns where they are.
func (r *running) listen(endpoints []*endpoint.Server) ([]string, error) {
	var ready []string
	for _, e := range endpoints {
		port, err := r.service.ListenEndpoint(e)
		if err != nil {
			return nil, err
		}
		ready = append(ready, bound(e, port))
		if e.Network == "stdio" {
			r.endWith(port)
		}
	}
	return ready, nil
}

// endWith has the reactor end with a port that closes by itself: whoever started the program on a pipe waits for it.
func (r *running) endWith(port protocol.Port) {
	if p, ok := port.(interface{ Done() <-chan struct{} }); ok {
		go func() {
			<-p.Done()
			// It fails if it is what closed the port.
			_ = r.reactor.Stop()
		}()
	}
}

// bound is where a port listens, in the form of an endpoint: its type and the real address.
func bound(e *endpoint.Server, port protocol.Port) string {
	if e.Network == "stdio" {
		return "stdio:"
	}
	scheme := e.Network
	if e.TLS != nil {
		scheme = "ssl"
	}
	return scheme + ":" + port.Host().String()
}
