package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/modules"
)

func newInspect() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect MODULE",
		Short: "Show what a module is, may cost and asks for, without running it",
		Long: `Show a module's ABI, imports, exports and memory, its manifest, what it may cost and
what it asks for. Nothing of it is run or compiled. MODULE is a .wasm file or the name
of a built-in module.`,
		Args:              exactly("MODULE"),
		ValidArgsFunction: completeModule,
	}
	format := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		wasm, err := readModule(args[0])
		if err != nil {
			return err
		}
		info, err := host.Inspect(args[0], wasm)
		if err != nil {
			return err
		}
		return show(cmd.OutOrStdout(), *format, info, func(w io.Writer) error { return describe(w, info) })
	}
	return cmd
}

// readModule gives the wasm of a built-in module or a file.
func readModule(name string) ([]byte, error) {
	if m, ok := modules.Find(name); ok {
		return m.Wasm()
	}
	wasm, err := os.ReadFile(name)
	if err != nil {
		err = fmt.Errorf("module %s: %w", name, errors.Unwrap(err))
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = noModule(name, err)
	}
	return wasm, err
}

// describe writes an inspection for people.
func describe(w io.Writer, info *host.Info) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	list := func(name string, items []string) {
		if len(items) == 0 {
			items = []string{"none"}
		}
		for _, item := range items {
			line(name, "%s", item)
			name = ""
		}
	}
	line("module", "%s, %s, %d functions", info.Name, size(uint64(info.Size)), info.Functions)
	if m := info.Manifest; m != nil {
		line("name", "%s", strings.TrimSpace(m.Name+" "+m.Version))
		line("description", "%s", m.Description)
	}
	line("ABI", "%s", info.ABI)
	line("isolation", "%s", info.Isolation)
	line("memory", "%s at first, %s at most", size(info.Memory.Initial), size(info.Memory.Maximum))
	list("events", info.Events)
	list("imports", info.Imports)
	list("other exports", info.Exports)
	list("may cost", costs(&info.Cost))
	list("asks for", info.Asks)
	return t.Flush()
}

// costs says what sets a module apart from the cheapest ones.
func costs(c *host.CostInfo) []string {
	var all []string
	if c.Recyclable && c.Imageable {
		all = append(all, "instances are recycled: a fresh one costs microseconds")
	} else if c.Imageable {
		all = append(all, "each connection gets a new instance, since "+c.WhyNot)
	} else {
		all = append(all, "each connection runs the module's start-up anew, since "+c.WhyNot)
	}
	for _, use := range []struct {
		does bool
		text string
	}{
		{c.Tables > 0, fmt.Sprintf("%d tables an instance", c.Tables)},
		{c.StartFunction, "a start function"},
		{c.Threads, "worker instances (defer_to_thread)"},
		{c.Dials, "connections of its own (connect)"},
		{c.Listens, "listeners of its own (listen)"},
		{c.Resolves, "name look-ups (resolve)"},
	} {
		if use.does {
			all = append(all, use.text)
		}
	}
	return all
}

// size writes a number of bytes for people.
func size(n uint64) string {
	switch {
	case n >= 1<<30 && n%(1<<30) == 0:
		return fmt.Sprintf("%d GiB", n>>30)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
