package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
	"github.com/wasmnet/wasmnet/abi"
)

type version struct {
	Version string `json:"version"`
	ABI     string `json:"abi"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func newVersion() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of wasmnet and of its ABI",
		Args:  exactly(),
	}
	format := outputFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		v := version{Version: "(devel)", ABI: abi.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
		if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		return show(cmd.OutOrStdout(), *format, v, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "wasmnet %s, ABI %s, %s %s/%s\n", v.Version, v.ABI, v.Go, v.OS, v.Arch)
			return err
		})
	}
	return cmd
}
