package main

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// TestExamplesAreUnderstood parses the command lines that help texts and units of systemd show: their flags, endpoints and
// settings.
func TestExamplesAreUnderstood(t *testing.T) {
	texts := []string{newRoot().Example, units(t)}
	for _, cmd := range newRoot().Commands() {
		texts = append(texts, cmd.Example)
	}
	seen := 0
	for _, text := range texts {
		for line := range strings.Lines(text) {
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
	if seen < 6 {
		t.Errorf("%d examples", seen)
	}
}

// units are the commands of units in the documentation.
func units(t *testing.T) (commands string) {
	text, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart="); ok {
			commands += command + "\n"
		}
	}
	if commands == "" {
		t.Error("docs/operating.md has no unit")
	}
	return commands
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
			_, err := parseServers([]string{text})
			inherited := strings.HasPrefix(text, "systemd:") && err != nil && strings.Contains(err.Error(), "no sockets were handed over")
			if isUsage(err) && !inherited {
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
