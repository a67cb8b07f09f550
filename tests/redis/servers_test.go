// Package redis holds module redis to Redis itself: the same requests must have the same replies, and Redis's own
// clients must see what they expect.
package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// program is wasmnet.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "wasmnet-redis")
	if err == nil {
		program = filepath.Join(dir, "wasmnet")
		build := exec.Command("go", "build", "-o", program, "github.com/wasmnet/wasmnet/cmd/wasmnet")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err == nil {
		// The compile cache of the tests is their own, and shared by them.
		err = os.Setenv("XDG_CACHE_HOME", filepath.Join(dir, "cache"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
		os.Exit(status)
	}))
}

// server is where a server listens: a network and an address, as net.Dial takes them.
type server struct{ network, address string }

// startRedis runs Redis until the test ends.
func startRedis(t *testing.T, options ...string) server {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "redis.sock")
	args := append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", t.TempDir()}, options...)
	cmd := exec.Command("redis-server", args...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(run(t, cmd, stdout, func(line string) bool { return strings.Contains(line, "ready to accept connections") }))
	return server{"unix", socket}
}

// startNative runs the module natively until the test ends.
func startNative(t *testing.T, c redis.Config) server {
	t.Helper()
	r := trial.Start(t, reactor.Config{})
	var where server
	r.OnLoop(func(l *reactor.Loop) {
		f, err := redis.New(l, c)
		if err != nil {
			t.Error(err)
			return
		}
		port, err := l.Listen("tcp:0:interface=127.0.0.1", f)
		if err != nil {
			t.Error(err)
			return
		}
		where = server{"tcp", port.Host().String()}
	})
	return where
}

// startSandboxed has the program serve the module until the test ends. Keys and values of its configuration come in turn.
func startSandboxed(t *testing.T, config ...string) server {
	t.Helper()
	args := []string{"run", "redis", "--listen", "tcp:0:interface=127.0.0.1", "--limit", "fuel-rate=none"}
	for i := 0; i < len(config); i += 2 {
		args = append(args, "--set", config[i]+"="+config[i+1])
	}
	cmd := exec.Command(program, args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	var address string
	stop := run(t, cmd, stderr, func(line string) bool {
		_, found, ok := strings.Cut(line, "redis listening on tcp:")
		if ok {
			address = found
		}
		return ok
	})
	t.Cleanup(stop)
	return server{"tcp", address}
}

// run starts a server, waits until it has written the line that is ready, and returns what ends it.
func run(t *testing.T, cmd *exec.Cmd, output io.Reader, isReady func(line string) bool) (stop func()) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		told := false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if !told && isReady(lines.Text()) {
				told = true
				close(ready)
			}
		}
		ended <- cmd.Wait()
	}()
	stop = func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v", cmd.Path, err)
			}
		case <-time.After(trial.Patience):
			t.Errorf("%s does not end", cmd.Path)
			_ = cmd.Process.Kill() // it may have ended at last
			<-ended
		}
	}
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("%s has ended: %v", cmd.Path, err)
	case <-time.After(trial.Patience):
		stop()
		t.Fatalf("%s does not listen", cmd.Path)
	}
	return stop
}

// connection is a client that sees replies as they are.
type connection struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (s server) dial(t *testing.T) *connection {
	t.Helper()
	c, err := net.Dial(s.network, s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(2 * trial.Patience)); err != nil {
		t.Fatal(err)
	}
	return &connection{t, c, bufio.NewReader(c)}
}

// send sends a request.
func (c *connection) send(args ...string) {
	c.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, a := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(a), a)
	}
	if _, err := io.WriteString(c, b.String()); err != nil {
		c.t.Fatal(err)
	}
}

// reply reads one reply: its bytes, and its elements if it is an array.
func (c *connection) reply() (text string, elements []string) {
	c.t.Helper()
	line, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("after %q: %v", line, err)
	}
	var n int
	switch line[0] {
	case '$', '*', '~', '%', '>':
		if _, err := fmt.Sscan(line[1:], &n); err != nil {
			c.t.Fatalf("%q: %v", line, err)
		}
	}
	text = line
	switch {
	case line[0] == '$' && n >= 0:
		body := make([]byte, n+2)
		if _, err := io.ReadFull(c.in, body); err != nil {
			c.t.Fatal(err)
		}
		return text + string(body), nil
	case line[0] == '%':
		n *= 2
	}
	for range max(n, 0) {
		if line[0] == '$' {
			break
		}
		element, _ := c.reply()
		text += element
		elements = append(elements, element)
	}
	return text, elements
}

// ask sends a request and reads its reply.
func (c *connection) ask(args ...string) string {
	c.t.Helper()
	c.send(args...)
	text, _ := c.reply()
	return text
}
