// Package e2e uses the wasmnet program as people do: from a shell, with the clients that a Debian machine has.
package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait for something that is sure to come. It is not a measurement.
const patience = 60 * time.Second

// program is the wasmnet binary that TestMain builds.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "wasmnet-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "wasmnet")
	build := exec.Command("go", "build", "-o", program, "github.com/wasmnet/wasmnet/cmd/wasmnet")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building wasmnet:", err)
		return 1
	}
	return m.Run()
}

// server is a running `wasmnet run`.
type server struct {
	t   *testing.T
	cmd *exec.Cmd
	// endpoints are the addresses of its ready lines, "tcp:127.0.0.1:43121".
	endpoints []string

	mu    sync.Mutex
	log   bytes.Buffer
	grew  chan struct{} // closed and renewed whenever the log grows
	ended chan struct{}
	err   error
}

// serve runs wasmnet with args and waits until it listens on as many endpoints as the arguments ask for.
func serve(t *testing.T, args ...string) *server {
	t.Helper()
	return serveCommand(t, exec.Command(program, args...))
}

// serveCommand is serve for a command that becomes wasmnet and has its arguments.
func serveCommand(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{t: t, cmd: cmd, grew: make(chan struct{}), ended: make(chan struct{})}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			close(s.grew)
			s.grew = make(chan struct{})
			s.mu.Unlock()
		}
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.kill)
	want := 0
	for _, a := range cmd.Args {
		if a == "--listen" {
			want++
		}
	}
	s.await(func(log string) bool { return strings.Count(log, " listening on ") == want })
	for _, line := range strings.Split(s.logged(), "\n") {
		if _, endpoint, ok := strings.Cut(line, " listening on "); ok {
			s.endpoints = append(s.endpoints, endpoint)
		}
	}
	return s
}

func (s *server) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// await waits until the log satisfies ok.
func (s *server) await(ok func(log string) bool) {
	s.t.Helper()
	timeout := time.After(patience)
	for {
		s.mu.Lock()
		log, grew := s.log.String(), s.grew
		s.mu.Unlock()
		if ok(log) {
			return
		}
		select {
		case <-grew:
		case <-s.ended:
			if ok(s.logged()) {
				return
			}
			s.t.Fatalf("wasmnet ended: %v\n%s", s.err, s.logged())
		case <-timeout:
			s.t.Fatalf("wasmnet did not say what was waited for; it said:\n%s", log)
		}
	}
}

// awaitLog waits for a text in the log.
func (s *server) awaitLog(text string) {
	s.t.Helper()
	s.await(func(log string) bool { return strings.Contains(log, text) })
}

// port is the port of the i-th endpoint.
func (s *server) port(i int) string {
	return s.endpoints[i][strings.LastIndexByte(s.endpoints[i], ':')+1:]
}

// stop sends SIGTERM and gives the exit status.
func (s *server) stop() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatalf("wasmnet does not end after SIGTERM; it said:\n%s", s.logged())
	}
	return s.cmd.ProcessState.ExitCode()
}

func (s *server) kill() {
	select {
	case <-s.ended:
	default:
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// descriptors counts the open file descriptors of the server.
func (s *server) descriptors() int {
	s.t.Helper()
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(fds)
}

// result is what a program that ended left behind.
type result struct {
	status         int
	stdout, stderr string
}

// command runs a program to its end, with input as its standard input.
func command(t *testing.T, input string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", name, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("%s %q does not end; it said:\n%s%s", name, args, stdout.String(), stderr.String())
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// wasmnet runs the program under test to its end.
func wasmnet(t *testing.T, args ...string) result {
	t.Helper()
	return command(t, "", program, args...)
}
