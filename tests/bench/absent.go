//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// absent is why something cannot be measured on this machine: it is not installed, or does not start. That is reported
// in its row and is no failure of the run. A wrong answer is one, and so is a server of the project's own that is not there.
type absent string

func (a absent) Error() string { return string(a) }

// isAbsent reports whether err is no failure.
func isAbsent(err error) bool {
	var a absent
	return errors.As(err, &a)
}

// excuse makes err, that of starting s, a reason to be absent if s is somebody else's.
func (s subject) excuse(err error) error {
	if err != nil && s.foreign {
		return absent(err.Error())
	}
	return err
}

// tool runs a measuring program to its end and returns what it prints. One that is not installed is absent, and one that
// takes longer than limit is ended.
func tool(limit time.Duration, name string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Second // for those who inherited its output
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, absent(name + " is not installed")
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s has not ended within %v: %s", name, limit, strings.TrimSpace(string(out)))
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return out, nil
}
