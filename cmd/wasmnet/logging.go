package main

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"
)

// logFlags adds --log-level and --log-format; the function returned makes the logger when flags are parsed.
func logFlags(cmd *cobra.Command) func(w io.Writer) (*slog.Logger, error) {
	level := cmd.Flags().String("log-level", "info", "debug, info, warn or error")
	format := cmd.Flags().String("log-format", "text", "text or json")
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return func(w io.Writer) (*slog.Logger, error) {
		var o slog.HandlerOptions
		var l slog.Level
		if err := l.UnmarshalText([]byte(*level)); err != nil {
			return nil, usageError{fmt.Errorf("--log-level %q: it is debug, info, warn or error", *level)}
		}
		o.Level = l
		switch *format {
		case "text":
			return slog.New(slog.NewTextHandler(w, &o)), nil
		case "json":
			return slog.New(slog.NewJSONHandler(w, &o)), nil
		}
		return nil, usageError{fmt.Errorf("--log-format %q: it is text or json", *format)}
	}
}
