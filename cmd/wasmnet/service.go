package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serviceFlags are the flags that every command which runs a module has.
type serviceFlags struct {
	isolation string
	limits    host.Limits
	grants    host.Grants
	set       []string
	drain     time.Duration
	loops     int
	backend   string
	cacheDir  *string
	log       *logging
	tls       *tlsFlags
	throttle  throttle
}

func addServiceFlags(cmd *cobra.Command) *serviceFlags {
	f := &serviceFlags{throttle: throttle{}}
	flags := cmd.Flags()
	flags.StringVar(&f.isolation, "isolation", "", "who shares a sandbox: connection, loop or service (default: the module's choice)")
	flags.Var(&f.limits, "limit", "a limit, such as memory=16MiB or idle=30s; repeatable ('wasmnet help limits')")
	flags.Var(f.throttle, "throttle", "bytes a second of all connections together or of each peer: total-in, total-out, peer-in or peer-out; repeatable")
	flags.Var(&f.grants, "allow", "a grant: dial=PATTERN, listen=PATTERN, resolve[=NAME], env=NAME[=VALUE] or mount=DIR:PATH[:rw]; repeatable ('wasmnet help grants')")
	flags.StringArrayVar(&f.set, "set", nil, "a configuration value for the module, as `key=value`; repeatable")
	flags.DurationVar(&f.drain, "drain", 10*time.Second, "on SIGINT or SIGTERM, how long connections may finish")
	flags.IntVar(&f.loops, "loops", 0, "number of event loops (default: one for each processor)")
	flags.StringVar(&f.backend, "backend", "", "how sockets are watched: epoll, kqueue or net (default: the best there is)")
	f.cacheDir = cacheFlag(cmd)
	f.tls = addTLSFlags(cmd)
	f.log = addLogFlags(cmd)
	_ = cmd.RegisterFlagCompletionFunc("isolation", cobra.FixedCompletions([]string{"connection", "loop", "service"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("limit", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		names := host.LimitNames()
		for i := range names {
			names[i] += "="
		}
		return names, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	})
	cmd.ValidArgsFunction = completeModule
	helpWithModules(cmd)
	return f
}

// completeModule offers the built-in modules and .wasm files for the first argument.
func completeModule(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, m := range modules.All() {
		names = append(names, m.Name+"\t"+m.Description)
	}
	return names, cobra.ShellCompDirectiveDefault
}

// A run is a module about to run: what the commands run, connect and exec have in common.
type running struct {
	name    string
	log     *slog.Logger
	host    *host.Host
	reactor *reactor.Reactor
	cfg     host.ServiceConfig
	service *host.Service // that the program began with
	traffic io.Closer     // the traffic log, or nil

	// Of the command run:
	stage     *stage
	front     protocol.Factory // the stage behind the operator's policies
	datagrams []string         // endpoints that the stage does not serve
}

// open loads the module and starts its service. args are set for connect and exec: those of the guest, which may end the
// program and writes to the command's own output.
func (f *serviceFlags) open(cmd *cobra.Command, module string, args []string) (*running, error) {
	log, err := f.log.logger(cmd.ErrOrStderr())
	if err != nil {
		return nil, err
	}
	cfg := host.ServiceConfig{Limits: f.limits, Grants: f.grants, Program: args != nil}
	if f.isolation != "" {
		if cfg.Isolation, err = host.ParseIsolation(f.isolation); err != nil {
			return nil, usageError{fmt.Errorf("--isolation: %w", err)}
		}
	}
	if cfg.Config, err = parseSettings(f.set); err != nil {
		return nil, usageError{err}
	}
	if cfg.TLS, err = f.tls.load(); err != nil {
		return nil, err
	}
	if args != nil {
		cfg.Stdout, cfg.Stderr = cmd.OutOrStdout(), cmd.ErrOrStderr()
		cfg.Args = args
	}
	r := &running{name: module, log: log}
	if f.loops < 0 {
		return nil, usageError{fmt.Errorf("--loops %d: want 1 or more, or 0 for one for each processor", f.loops)}
	}
	if r.reactor, err = reactor.New(reactor.Config{Loops: f.loops, Backend: f.backend, Logger: log}); err != nil {
		return nil, usageError{err}
	}
	if cfg.Wrap, err = r.policies(f); err != nil {
		return nil, err
	}
	r.cfg = cfg
	cache, err := cacheFolder(*f.cacheDir)
	if err != nil {
		log.Warn("compiled modules are not kept", "error", err)
	}
	if r.host, err = host.New(host.Config{CacheDir: cache, Logger: log, Limits: f.limits}); err == nil {
		r.service, err = r.load(cmd.Context())
	}
	if err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

// policies are those that stand before the service's connections; nil if there are none.
func (r *running) policies(f *serviceFlags) (func(protocol.Factory) protocol.Factory, error) {
	traffic, file, err := f.log.openTraffic()
	if err != nil {
		return nil, err
	}
	r.traffic = file
	throttle := f.throttle.wrap()
	switch {
	case throttle == nil:
		return traffic, nil
	case traffic == nil:
		return throttle, nil
	}
	return func(f protocol.Factory) protocol.Factory { return throttle(traffic(f)) }, nil
}

// load loads the module and starts a service of it.
func (r *running) load(ctx context.Context) (*host.Service, error) {
	cfg := r.cfg
	m, err := loadModule(ctx, r.host, r.name, &cfg)
	if err != nil {
		return nil, err
	}
	s, err := r.host.NewService(m, r.reactor, cfg)
	if err != nil {
		return nil, err
	}
	for _, missing := range s.Ungranted() {
		r.log.Warn("asked for and not granted", "module", r.name, "ask", missing)
	}
	return s, nil
}

func cacheFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("cache", "", "folder of the compile cache, or none (default: wasmnet in the user's cache folder)")
}

// cacheFolder is the folder that the flag means. It is empty for none.
func cacheFolder(flag string) (string, error) {
	switch flag {
	case "none":
		return "", nil
	case "":
		return host.DefaultCacheDir()
	}
	return flag, nil
}

// close lets go of everything. The reactor has ended or never ran.
func (r *running) close() error {
	var errs []error
	if r.host != nil {
		errs = append(errs, r.host.Close())
	}
	if r.traffic != nil {
		errs = append(errs, r.traffic.Close())
	}
	return errors.Join(errs...)
}

// loadModule loads a built-in module by its name, or a file. A built-in's settings go below the user's.
func loadModule(ctx context.Context, h *host.Host, name string, cfg *host.ServiceConfig) (*host.Module, error) {
	builtin, ok := modules.Find(name)
	if !ok {
		m, err := h.LoadFile(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			err = noModule(name, err)
		}
		return m, err
	}
	for key := range cfg.Config {
		if len(builtin.Config) == 0 {
			return nil, fmt.Errorf("module %s: configuration %s: the module has none", name, key)
		}
	}
	settings := builtin.Settings()
	maps.Copy(settings, cfg.Config)
	cfg.Config = settings
	return h.LoadPacked(ctx, name, builtin.Digest(), builtin.Wasm)
}

// noModule is why there is no module of this name. What looks like a name and not like a file may be meant as either.
func noModule(name string, err error) error {
	if strings.ContainsAny(name, "./\\") {
		return err
	}
	return fmt.Errorf("module %s: neither a built-in module (see 'wasmnet modules') nor a file", name)
}

// parseSettings reads --set values.
func parseSettings(set []string) (map[string]string, error) {
	settings := map[string]string{}
	for _, s := range set {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("--set %q: want key=value", s)
		}
		settings[key] = value
	}
	return settings, nil
}
