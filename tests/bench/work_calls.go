//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// callWorkloads count system calls, with strace, which slows everything down: the count is the figure.
func callWorkloads(o options, ps *peers) []workload {
	return []workload{{
		name: "system calls for each message, echo 64 B, 64 connections", run: countCalls(o, 64),
		subjects: []subject{ps.net, ps.epoll, ps.gnet, ps.uvloop, ps.reactor, ps.sandboxC, ps.sandboxGo},
	}}
}

// tracedCalls matches the last line of strace -c: its columns are share, seconds, microseconds a call, calls, errors.
var tracedCalls = regexp.MustCompile(`(?m)^\s*100\.00\s+\S+\s+\S+\s+(\d+)\s.*total$`)

func countCalls(o options, conns int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		program, err := exec.LookPath("strace")
		if err != nil {
			return nil, absent(err.Error())
		}
		var out strings.Builder
		var strace *exec.Cmd
		var traced float64
		f := figures{}
		l, err := drive(conns, o.window, 0, func(int) (func() error, func(), error) { return pingPong(p.addrs[0], 64) }, func() error {
			if strace == nil {
				strace = exec.Command(program, "-f", "-c", "-qq", "-p", strconv.Itoa(p.cmd.Process.Pid))
				strace.Stderr = &out
				if err := strace.Start(); err != nil {
					return err
				}
				if err := attached(p.cmd.Process.Pid); err != nil {
					_ = strace.Process.Kill()
					_ = strace.Wait()
					return absent(fmt.Sprintf("%v: %s", err, strings.TrimSpace(out.String())))
				}
				return nil
			}
			if strace.ProcessState != nil {
				return nil // it could not trace
			}
			if err := strace.Process.Signal(syscall.SIGINT); err != nil {
				return err
			}
			_ = strace.Wait() // it repeats the signal's status
			m := tracedCalls.FindStringSubmatch(out.String())
			if m == nil {
				return fmt.Errorf("strace says %q", out.String())
			}
			var err error
			traced, err = strconv.ParseFloat(m[1], 64)
			return err
		})
		if err != nil {
			return nil, err
		}
		if l.units > 0 {
			f[callsPerUnit] = traced / float64(l.units)
		}
		return f, nil
	}
}

// attached waits until every thread of a process is traced.
func attached(pid int) error {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tasks, func(file string) bool {
			text, err := os.ReadFile(file)
			return err == nil && strings.Contains(string(text), "TracerPid:\t0\n")
		}) {
			return nil
		}
	}
	return fmt.Errorf("strace does not get hold of process %d", pid)
}
