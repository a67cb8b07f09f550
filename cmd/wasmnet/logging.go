package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// logging are the flags that say what is logged, and where.
type logging struct {
	level, format, traffic string
}

func addLogFlags(cmd *cobra.Command) *logging {
	f := &logging{}
	cmd.Flags().StringVar(&f.level, "log-level", "info", "debug, info, warn or error")
	cmd.Flags().StringVar(&f.format, "log-format", "text", "text or json")
	cmd.Flags().StringVar(&f.traffic, "traffic-log", "", "`file` to which everything that connections receive and send is appended")
	_ = cmd.RegisterFlagCompletionFunc("log-level", cobra.FixedCompletions([]string{"debug", "info", "warn", "error"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("log-format", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return f
}

// logger writes what the program has to say to w.
func (f *logging) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.level)); err != nil {
		return nil, usageError{fmt.Errorf("--log-level %q: it is debug, info, warn or error", f.level)}
	}
	return f.writer(w, level)
}

func (f *logging) writer(w io.Writer, level slog.Level) (*slog.Logger, error) {
	o := &slog.HandlerOptions{Level: level}
	switch f.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, o)), nil
	}
	return nil, usageError{fmt.Errorf("--log-format %q: it is text or json", f.format)}
}

// openTraffic opens the traffic log and returns what has a service's connections logged there; nil without one.
func (f *logging) openTraffic() (wrap func(protocol.Factory) protocol.Factory, file io.Closer, err error) {
	if f.traffic == "" {
		return nil, nil, nil
	}
	out, err := os.OpenFile(f.traffic, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) // secrets pass by
	if err != nil {
		return nil, nil, fmt.Errorf("--traffic-log: %w", err)
	}
	log, err := f.writer(out, slog.LevelInfo)
	if err != nil {
		out.Close()
		return nil, nil, err
	}
	first := policy.NewTrafficLoggingFactory(nil, policy.TrafficLog{Logger: log})
	return func(f protocol.Factory) protocol.Factory { return first.With(f) }, out, nil
}
