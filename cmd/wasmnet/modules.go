package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/modules"
)

// listing is how -o json describes a built-in module.
type listing struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Isolation   string            `json:"isolation"`
	Asks        []string          `json:"asks"`
	Config      []modules.Setting `json:"config"`
}

func newModules() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "modules",
		Short: "List the built-in modules",
		Long: `List the built-in modules: what each is, and what it asks to be granted. What one can be told
with --set is in 'wasmnet run NAME --help', all of it in -o json.`,
		Args: exactly(),
	}
	format := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		list := []listing{}
		for _, m := range modules.All() {
			list = append(list, listing{m.Name, m.Description, m.Isolation, append([]string{}, m.Grants...), append([]modules.Setting{}, m.Config...)})
		}
		return show(cmd.OutOrStdout(), *format, list, func(w io.Writer) error {
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			for _, m := range list {
				fmt.Fprintf(t, "%s\t%s\n", m.Name, m.Description)
				for _, ask := range m.Asks {
					fmt.Fprintf(t, "\tasks for %s\n", ask)
				}
			}
			return t.Flush()
		})
	}
	return cmd
}
