package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
)

func newCompile() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compile MODULE...",
		Short: "Compile modules ahead, so that they start at once",
		Long: `Compile modules into the cache that run, connect and exec look into, for instance while
an image of a machine is made. A MODULE is a .wasm file or the name of a built-in module.
The limits must be those that the module will run with.`,
		Example: `  wasmnet compile echo handler.wasm`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("MODULE is missing")}
			}
			return nil
		},
		ValidArgsFunction: completeModule,
	}
	var limits host.Limits
	cmd.Flags().Var(&limits, "limit", "a limit, such as table=10000; repeatable")
	dir := cacheFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		folder, err := cacheFolder(*dir)
		if err != nil {
			return err
		}
		if folder == "" {
			return usageError{errors.New("--cache none: there is nowhere to put what is compiled")}
		}
		h, err := host.New(host.Config{CacheDir: folder, Limits: limits})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, h.Close()) }()
		for _, name := range args {
			if _, err := loadModule(cmd.Context(), h, name, &host.ServiceConfig{}); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "wasmnet: compiled %s into %s\n", name, folder)
		}
		return nil
	}
	return cmd
}
