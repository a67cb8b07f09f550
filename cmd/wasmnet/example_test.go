package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// TestExamplesAreUnderstood parses the command lines that help texts show: their flags, endpoints and settings.
func TestExamplesAreUnderstood(t *testing.T) {
	seen := 0
	for _, shown := range append(newRoot().Commands(), newRoot()) {
		for line := range strings.Lines(shown.Example) {
			words := strings.Fields(line)
			if len(words) == 0 {
				continue
			}
			seen++
			cmd, rest, err := newRoot().Find(words[1:])
			if err == nil && cmd.HasParent() {
				cmd.InitDefaultHelpFlag()
				err = cmd.ParseFlags(rest)
			}
			if err != nil || !cmd.HasParent() {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
				continue
			}
			checkValues(t, cmd)
		}
	}
	if seen < 5 {
		t.Errorf("%d examples", seen)
	}
}

// checkValues checks what flags hold that are parsed later.
func checkValues(t *testing.T, cmd *cobra.Command) {
	name := cmd.Flags().Arg(0)
	m, builtin := modules.Find(name)
	if !builtin && !strings.HasSuffix(name, ".wasm") {
		t.Errorf("%s %s: there is no such module", cmd.Name(), name)
	}
	if set, err := cmd.Flags().GetStringArray("set"); err == nil && builtin {
		for _, s := range set {
			key, _, _ := strings.Cut(s, "=")
			if !strings.Contains(configKeys(m), " "+key+" ") {
				t.Errorf("%s %s: there is no key %s", cmd.Name(), name, key)
			}
		}
	}
	if listen, err := cmd.Flags().GetStringArray("listen"); err == nil {
		for _, text := range listen {
			if _, err := parseServers([]string{text}); err != nil && isUsage(err) {
				t.Error(err)
			}
		}
	}
	if to, err := cmd.Flags().GetString("to"); err == nil {
		if _, err := endpoint.ParseClient(to); err != nil {
			t.Error(err)
		}
	}
}

func configKeys(m modules.Module) string {
	keys := " "
	for _, s := range m.Config {
		keys += s.Key + " "
	}
	return keys
}

func isUsage(err error) bool {
	_, ok := err.(usageError)
	return ok
}
