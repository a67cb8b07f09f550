package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/modules"
)

// Exit statuses.
const (
	statusDone   = 0
	statusFailed = 1
	statusUsage  = 2
)

// A usageError is a mistake in the command line, as opposed to one that shows when the work begins.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// An exitStatus is the status a guest's program ended with. It is not a message.
type exitStatus int

func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run is the whole program but for the process around it.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	if err == nil {
		return statusDone
	}
	if cmd == root && len(args) > 0 {
		err = fmt.Errorf("%w%s", err, meant(root, args[0]))
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	// A message is one line whatever a file or a peer has put into it.
	fmt.Fprintln(stderr, "wasmnet: "+oneLine(err.Error()))
	var usage usageError
	if errors.As(err, &usage) || !cmd.HasParent() {
		fmt.Fprintf(stderr, "wasmnet: see '%s --help'\n", cmd.CommandPath())
		return statusUsage
	}
	return statusFailed
}

// meant is what somebody may have wanted who wrote name where a command belongs.
func meant(root *cobra.Command, name string) string {
	_, builtin := modules.Find(name)
	switch like := root.SuggestionsFor(name); {
	case strings.HasPrefix(name, "-"):
		return ""
	case builtin, strings.HasSuffix(name, ".wasm"):
		return fmt.Sprintf(" (to serve it: wasmnet run %s --listen tcp:8007)", name)
	case len(like) > 0:
		return fmt.Sprintf(" (did you mean %s?)", strings.Join(like, " or "))
	}
	return ""
}

func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "wasmnet",
		Short: "Run network protocols that nobody has to trust",
		Long: `wasmnet runs network protocols in WebAssembly sandboxes. A native reactor owns the
sockets, TLS and timers; the protocol is a module that is called with events, and by
default each connection gets a sandbox of its own.

MODULE is the name of a built-in protocol (see 'wasmnet modules') or a .wasm file.
ENDPOINT is written as Twisted writes it: tcp:8007, unix:/run/echo.sock,
ssl:8443:privateKey=key.pem:certKey=cert.pem.`,
		Example: `  wasmnet run echo --listen tcp:7007
  wasmnet run chat --help`,
		SilenceUsage:               true,
		SilenceErrors:              true,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
		DisableSuggestions:         true, // meant makes them
		SuggestionsMinimumDistance: 2,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newRun(), newConnect(), newExec(), newModules(), newCompile(), newInspect(), newVersion())
	root.AddCommand(newTopics()...)
	root.SetHelpCommand(newHelp())
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		c.Hidden = false
	}
	return root
}

// atLeast and exactly are cobra's checks of the number of arguments with messages that name them.
func atLeast(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usageError{fmt.Errorf("%s is missing", names[len(args)])}
		}
		return nil
	}
}

func exactly(names ...string) cobra.PositionalArgs {
	enough := atLeast(names...)
	return func(cmd *cobra.Command, args []string) error {
		if err := enough(cmd, args); err != nil {
			return err
		}
		if len(args) > len(names) {
			return usageError{fmt.Errorf("unexpected argument %q", args[len(names)])}
		}
		return nil
	}
}
