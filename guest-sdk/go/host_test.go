package wasmnet_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/reactor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that is sure to come.
const patience = 30 * time.Second

// diary is a slog.Handler that keeps what guests say.
type diary struct {
	mu   sync.Mutex
	news *sync.Cond
	said []string
}

func (d *diary) Enabled(context.Context, slog.Level) bool { return true }
func (d *diary) WithAttrs([]slog.Attr) slog.Handler       { return d }
func (d *diary) WithGroup(string) slog.Handler            { return d }

func (d *diary) Handle(_ context.Context, r slog.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, r.Message)
	d.news.Broadcast()
	return nil
}

// await waits until a line that begins with start was said, and returns the rest of it.
func (d *diary) await(t *testing.T, start string) string {
	t.Helper()
	late := false
	stop := time.AfterFunc(patience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		late = true
		d.news.Broadcast()
	})
	defer stop.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		for i, line := range d.said {
			if rest, ok := strings.CutPrefix(line, start); ok {
				d.said = append(d.said[:i:i], d.said[i+1:]...)
				return rest
			}
		}
		if late {
			t.Fatalf("nobody said %q; said was\n\t%s", start, strings.Join(d.said, "\n\t"))
		}
		d.news.Wait()
	}
}

// sandboxed runs the script guest in the real host, and returns a connection to it and what it says.
func sandboxed(t *testing.T, grants ...string) (net.Conn, *diary) {
	t.Helper()
	d := &diary{}
	d.news = sync.NewCond(&d.mu)
	h, err := host.New(host.Config{Logger: slog.New(d), CacheDir: guesttest.CacheDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := build()
	if err != nil {
		t.Fatal(err)
	}
	module, err := h.Load(t.Context(), "script", wasm)
	if err != nil {
		t.Fatal(err)
	}
	cfg := host.ServiceConfig{Name: "script", Limits: host.Limits{LogRate: host.Unlimited}}
	for _, g := range grants {
		if err := cfg.Grants.Set(g); err != nil {
			t.Fatal(err)
		}
	}
	service, err := h.NewService(module, r, cfg)
	if err != nil {
		t.Fatal(err)
	}
	port, err := service.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- r.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(r.Stop(), <-ran); err != nil {
			t.Error(err)
		}
	})
	c, err := net.Dial("tcp", port.Host().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, d
}

// The other tests of this package replace the host. This one holds both sides of the ABI together.
func TestInTheHost(t *testing.T) {
	c, d := sandboxed(t, "dial=tcp:loopback:*", "dial=udp:loopback:*", "listen=*:loopback:*", "resolve")
	d.await(t, "root started")
	d.await(t, "root builds for tcp 127.0.0.1:")
	d.await(t, "made ")
	command := func(text string) {
		t.Helper()
		if _, err := io.WriteString(c, text); err != nil {
			t.Fatal(err)
		}
	}

	command("transport addresses")
	d.await(t, "peer protocol.TCPAddress "+c.LocalAddr().String()+", host protocol.TCPAddress "+c.RemoteAddr().String())
	command("soon")
	d.await(t, "sooner or later")
	command("go")
	d.await(t, "200 goroutines later")
	command("resolve localhost")
	d.await(t, `resolved ["`)
	command("task upper hello")
	d.await(t, `task: "HELLO", <nil>`)
	command("task fail")
	d.await(t, `task: "", task "fail": no luck`)
	command("stop 0")
	d.await(t, "stop: not permitted")

	command("listen tcp:0:interface=127.0.0.1")
	address := d.await(t, "listening on ")
	command("connect tcp:" + address)
	d.await(t, "client connecting to protocol.TCPAddress "+address)
	d.await(t, "server builds for tcp 127.0.0.1:")
	d.await(t, "client builds for tcp "+address)
	command("disconnect")
	d.await(t, "lost: connection was closed cleanly")
	d.await(t, "client lost: connection was closed cleanly")
	d.await(t, "client stopped")
	command("stoplistening")
	d.await(t, "server stopped")
	command("connect tcp:" + address)
	d.await(t, "client failed: connection was refused")
	command("connect tcp:192.0.2.1:80")
	d.await(t, "client failed: not permitted")

	command("listenudp udp:0:interface=127.0.0.1")
	address, _, _ = strings.Cut(d.await(t, "udp started "), ",")
	u, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	io.WriteString(u, "ping")
	d.await(t, `udp "ping" from `+u.LocalAddr().String()+", answer: <nil>")
	answer := make([]byte, 100)
	if err := u.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := u.Read(answer); string(answer[:n]) != "ping" || err != nil {
		t.Errorf("answer %q, %v", answer[:n], err)
	}
	command("stoplistening")
	d.await(t, "udp stopped: <nil>")

	command("write bye;transport lose")
	if got, err := io.ReadAll(c); string(got) != "bye" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	d.await(t, "lost: connection was closed cleanly")
}

func TestPanicInTheHost(t *testing.T) {
	c, d := sandboxed(t)
	io.WriteString(c, "panic out of luck")
	d.await(t, "panic in data_received: out of luck (main.runGo main.go:")
	if _, err := io.ReadAll(c); err == nil {
		t.Error("the connection ended cleanly, want a reset")
	}
}
