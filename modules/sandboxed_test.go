package modules_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that is sure to come.
const patience = 30 * time.Second

// sandbox serves a built-in in a sandbox, and is its host for one test.
type sandbox struct {
	t       *testing.T
	address string
	printed logbook.Book // what guests print
}

// serve starts a module; keys and values of its configuration come in turn.
func serve(t *testing.T, name string, config ...string) *sandbox {
	t.Helper()
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), CacheDir: guesttest.CacheDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, ok := modules.Find(name)
	if !ok {
		t.Fatalf("no module %s", name)
	}
	settings := map[string]string{}
	for i := 0; i < len(config); i += 2 {
		settings[config[i]] = config[i+1]
	}
	maps.Copy(settings, m.Settings())
	wasm, err := m.Wasm()
	if err != nil {
		t.Fatal(err)
	}
	module, err := h.Load(t.Context(), name, wasm)
	if err != nil {
		t.Fatal(err)
	}
	isolation, err := host.ParseIsolation(m.Isolation)
	if err != nil {
		t.Fatal(err)
	}
	s := &sandbox{t: t}
	service, err := h.NewService(module, r, host.ServiceConfig{
		Name: name, Isolation: isolation, Config: settings, Stdout: &s.printed,
	})
	if err != nil {
		t.Fatal(err)
	}
	port, err := service.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	s.address = port.Host().String()
	ran := make(chan error, 1)
	go func() { ran <- r.Run() }()
	t.Cleanup(func() {
		if err := errors.Join(r.Stop(), <-ran); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *sandbox) dial() *net.TCPConn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// exchange sends text and the end of it, and returns all that comes back.
func (s *sandbox) exchange(text string) string {
	s.t.Helper()
	c := s.dial()
	if _, err := io.WriteString(c, text); err != nil {
		s.t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		s.t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil {
		s.t.Error(err)
	}
	return string(answer)
}

func TestSandboxedEchoAndDiscard(t *testing.T) {
	text := strings.Repeat("hello\x00\xff", 50_000)
	if got := serve(t, "echo").exchange(text); got != text {
		t.Errorf("echo: %d bytes, want %d", len(got), len(text))
	}
	if got := serve(t, "discard").exchange(text); got != "" {
		t.Errorf("discard: %q", got)
	}
}

// A peer that sends much more than all buffers hold, and reads only then, loses nothing.
func TestSandboxedEchoOfASlowReader(t *testing.T) {
	const size = 16 << 20
	c := serve(t, "echo").dial()
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyN(c, zeros{}, size)
		sent <- errors.Join(err, c.CloseWrite())
	}()
	n, err := io.Copy(io.Discard, c)
	if n != size || err != nil {
		t.Errorf("%d bytes, %v, want %d", n, err, size)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestSandboxedChargen(t *testing.T) {
	c := serve(t, "chargen").dial()
	const lines = 95 * 50
	r := bufio.NewReader(c)
	var first string
	for i := range lines {
		line, err := r.ReadString('\n')
		if err != nil || len(line) != 74 {
			t.Fatalf("line %d: %q, %v", i, line, err)
		}
		if i == 0 {
			first = line
		}
		if (i%95 == 0) != (line == first) {
			t.Fatalf("line %d: %q", i, line)
		}
	}
}

func TestSandboxedTellers(t *testing.T) {
	if got := serve(t, "qotd", "quote", "Less is more.").exchange(""); got != "Less is more.\r\n" {
		t.Errorf("qotd: %q", got)
	}
	got := serve(t, "daytime", "layout", time.RFC3339).exchange("")
	told, err := time.Parse(time.RFC3339, strings.TrimSuffix(got, "\r\n"))
	if err != nil || time.Since(told).Abs() > time.Hour {
		t.Errorf("daytime: %q, %v", got, err)
	}
	got = serve(t, "time").exchange("")
	if len(got) != 4 {
		t.Fatalf("time: %q", got)
	}
	told = time.Unix(int64(binary.BigEndian.Uint32([]byte(got)))-2_208_988_800, 0)
	if time.Since(told).Abs() > time.Hour {
		t.Errorf("time: %v", told)
	}
}

func TestSandboxedFraming(t *testing.T) {
	s := serve(t, "framing", "framing", "netstring", "app", "echo")
	if got := s.exchange("5:hello,0:,1:!,"); got != "hello!" {
		t.Errorf("answered %q", got)
	}
	if got, want := s.printed.String(), "delivered 68656c6c6f\ndelivered \ndelivered 21\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestSandboxedChat(t *testing.T) {
	s := serve(t, "chat")
	type member struct {
		*net.TCPConn
		lines *bufio.Reader
	}
	join := func(nick string) member {
		c := s.dial()
		io.WriteString(c, nick+"\n")
		return member{c, bufio.NewReader(c)}
	}
	expect := func(m member, lines ...string) {
		t.Helper()
		for _, want := range lines {
			if got, err := m.lines.ReadString('\n'); err != nil || got != want+"\r\n" {
				t.Fatalf("%q, %v, want %q", got, err, want)
			}
		}
	}
	ann := join("Ann")
	expect(ann, "* Welcome.", "* What is your name?", "* You are Ann. Here are: Ann")
	bob := join("Bob")
	expect(bob, "* Welcome.", "* What is your name?", "* You are Bob. Here are: Ann, Bob")
	expect(ann, "* Bob has come")
	io.WriteString(bob, "hello\n")
	expect(ann, "<Bob> hello")
	io.WriteString(ann, "hello Bob\n")
	expect(bob, "<Ann> hello Bob")
	bob.Close()
	expect(ann, "* Bob has gone")
}

// A configuration that makes no sense keeps the service from starting, and the error says why.
func TestSandboxedModuleRefusesToStart(t *testing.T) {
	h, err := host.New(host.Config{Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), CacheDir: guesttest.CacheDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	m, _ := modules.Find("chat")
	wasm, err := m.Wasm()
	if err != nil {
		t.Fatal(err)
	}
	module, err := h.Load(context.Background(), "wire", wasm)
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []map[string]string{
		{"wasmnet.module": "chat", "max-line": "none"}, {"wasmnet.module": "cat"}, {},
	} {
		if _, err := h.NewService(module, r, host.ServiceConfig{Config: config}); err == nil {
			t.Errorf("%v: the service starts", config)
		}
	}
}
