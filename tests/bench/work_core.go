//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/tests/bench/work"
)

// coreWorkloads are timers and Deferreds, which no socket takes part in.
func coreWorkloads(o options, ps *peers) []workload {
	var ws []workload
	for _, w := range []struct{ kind, name string }{
		{"timeouts", "a timeout set, pushed back and cancelled"},
		{"timers", "a timer of no delay that fires"},
		{"deferreds", "a Deferred with ten callbacks"},
	} {
		does := func(s subject) subject {
			s.measure = func() (figures, error) { return worked(o.window+patience, s) }
			return s
		}
		ws = append(ws, workload{name: w.name, subjects: []subject{
			does(ps.script("Twisted", "twisted.py", w.kind, fmt.Sprint(o.window.Seconds()))),
			does(ps.own("reactor", "work", w.kind, o.window.String())),
			does(subject{name: "sandbox Go", args: []string{ps.wasmnet, "exec", ps.guest("work.wasm"), "--set", "kind=" + w.kind,
				"--set", "window=" + o.window.String(), "--limit", "fuel-rate=none", "--log-level", "error"}}),
		}})
	}
	return ws
}

// worked runs a subject that prints what it has done and ends.
func worked(limit time.Duration, s subject) (figures, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, s.args[0], s.args[1:]...).Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("it has not ended within %v", limit)
	}
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%w: %s", err, strings.Join(strings.Fields(string(failed.Stderr)), " "))
	}
	if err != nil {
		return nil, s.excuse(err)
	}
	var units, ns float64
	if _, err := fmt.Sscanf(string(out), "%f units in %f ns", &units, &ns); err != nil || units == 0 {
		return nil, fmt.Errorf("%q is no result (%w)", out, err)
	}
	return figures{perUnit: ns / units}, nil
}

// serveWork does the work natively.
func serveWork(kind string, window time.Duration) error {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		return err
	}
	var wrong error
	r.CallWhenRunning(func() {
		wrong = work.Run(r.Loops()[0], kind, window, func(units int, took time.Duration) {
			work.Print(units, took)
			_ = r.Stop()
		})
		if wrong != nil {
			_ = r.Stop()
		}
	})
	return errors.Join(r.Run(), wrong)
}
