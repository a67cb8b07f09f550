// Package redis holds module redis to Redis itself: the same requests must have the same replies, and Redis's own
// clients must see what they expect.
package redis

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(status int) {
		if err := os.RemoveAll(cache()); err != nil {
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
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		var once sync.Once
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if strings.Contains(lines.Text(), "ready to accept connections") {
				once.Do(func() { close(ready) })
			}
		}
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("redis-server: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-ended:
		ended <- err
		t.Fatalf("redis-server has ended: %v", err)
	case <-time.After(trial.Patience):
		t.Fatal("redis-server does not listen")
	}
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

// startSandboxed runs the module in a sandbox until the test ends. Keys and values of its configuration come in turn.
func startSandboxed(t *testing.T, config ...string) server {
	t.Helper()
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), CacheDir: cache()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	m, _ := modules.Find("redis")
	wasm, err := m.Wasm()
	if err != nil {
		t.Fatal(err)
	}
	module, err := h.Load(context.Background(), "redis", wasm)
	if err != nil {
		t.Fatal(err)
	}
	settings := m.Settings()
	for i := 0; i < len(config); i += 2 {
		maps.Copy(settings, map[string]string{config[i]: config[i+1]})
	}
	c := host.ServiceConfig{Isolation: host.PerService, Config: settings}
	if err := c.Limits.Set("fuel-rate=none"); err != nil {
		t.Fatal(err)
	}
	r := trial.Prepare(t, reactor.Config{})
	s, err := h.NewService(module, r.Reactor, c)
	if err != nil {
		t.Fatal(err)
	}
	port, err := s.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	r.Begin()
	return server{"tcp", port.Host().String()}
}

// cache is the compile cache of all tests.
var cache = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "wasmnet-redis")
	if err != nil {
		panic(err)
	}
	return dir
})

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
