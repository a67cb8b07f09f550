package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/modules"
)

// newHelp is the command help. In place of cobra's, it takes a module's name, and what it does not know is an error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND [MODULE] | TOPIC]",
		Short: "Help about any command, module or topic",
		Long: `Tell about a command, a topic, or what a built-in module can be told: 'wasmnet help run chat'
is 'wasmnet run chat --help'.`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, start string) (names []cobra.Completion, _ cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			for _, c := range cmd.Root().Commands() {
				if strings.HasPrefix(c.Name(), start) {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil {
				return usageError{fmt.Errorf("unknown command or topic %q", args[0])}
			}
			about.InitDefaultHelpFlag()
			if err := about.ParseFlags(rest); err != nil {
				return usageError{err}
			}
			return about.Help()
		},
	}
}

// helpWithModules makes "COMMAND MODULE --help" tell about a built-in module before it tells about the command.
func helpWithModules(cmd *cobra.Command) {
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		if named := c.Flags().Args(); len(named) > 0 {
			if m, ok := modules.Find(named[0]); ok {
				describeModule(c.OutOrStdout(), m)
			}
		}
		help(c, args)
	})
}

// describeModule writes what a built-in module is, asks for, and can be told with --set.
func describeModule(w io.Writer, m modules.Module) {
	fmt.Fprintf(w, "Module %s: %s\n\n", m.Name, m.Description)
	if len(m.Grants) > 0 {
		fmt.Fprintf(w, "It asks for --allow %s\n\n", strings.Join(m.Grants, " --allow "))
	}
	if len(m.Config) == 0 {
		fmt.Fprint(w, "It has no configuration.\n\n")
		return
	}
	fmt.Fprintln(w, "Configuration, each as --set KEY=VALUE:")
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, s := range m.Config {
		kind := s.Type
		if s.Default != "" {
			kind += fmt.Sprintf(", %q", s.Default)
		}
		fmt.Fprintf(t, "  %s\t%s (%s)\n", s.Key, s.Help, kind)
	}
	_ = t.Flush() // to where help goes, whose errors cobra ignores as well
	fmt.Fprintln(w)
}
