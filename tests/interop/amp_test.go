package interop

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/modules/builtin"
	"github.com/wasmnet/wasmnet/modules/builtin/app"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
	"github.com/wasmnet/wasmnet/tests/interop/ampclient"
)

func newHost(t *testing.T) *host.Host {
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
	return h
}

// ampServers are our server, natively and in a sandbox: each starts one and returns its address.
var ampServers = map[string]func(t *testing.T) string{
	"native": func(t *testing.T) string {
		r := trial.Start(t, reactor.Config{})
		f, err := builtin.Build(app.Modules, "amp", r.Loops()[0], func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		return trial.To(r.MustListen("tcp:0:interface=127.0.0.1", f).Host())
	},
	"sandboxed": func(t *testing.T) string {
		h := newHost(t)
		r := trial.Prepare(t, reactor.Config{})
		m, _ := modules.Find("amp")
		wasm, err := m.Wasm()
		if err != nil {
			t.Fatal(err)
		}
		module, err := h.Load(t.Context(), "amp", wasm)
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.NewService(module, r.Reactor, host.ServiceConfig{Config: m.Settings()})
		if err != nil {
			t.Fatal(err)
		}
		port, err := s.Listen("tcp:0:interface=127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		r.Begin()
		return trial.To(port.Host())
	},
}

func TestTwistedCallsOurAMP(t *testing.T) {
	for name, serve := range ampServers {
		t.Run(name, func(t *testing.T) {
			p := startTwisted(t, "amp.py", "connect", serve(t))
			p.expect("made")
			for _, c := range []struct {
				command   string
				arguments command
				want      string
			}{
				{"Sum", command{"a": 13, "b": 81}, "{'total': 94}"},
				{"Divide", command{"numerator": 1, "denominator": 3}, "{'result': 0.3333333333333333}"},
				{"Divide", command{"numerator": 1234, "denominator": 0}, "ZeroDivisionError: division by zero"},
				{"Multiply", command{"a": 1}, "UnhandledCommand: ('UNHANDLED', \"Unhandled Command: b'Multiply'\")"},
			} {
				p.do("call", command{"command": c.command, "arguments": c.arguments})
				got := p.expect("answer").Text
				if c.command == "Multiply" {
					// How Twisted's error prints is not ours to say.
					if !strings.HasPrefix(got, "UnhandledCommand") || !strings.Contains(got, "Unhandled Command: b'Multiply'") {
						t.Errorf("%s: %s", c.command, got)
					}
					continue
				}
				if got != c.want {
					t.Errorf("%s %v: %s, want %s", c.command, c.arguments, got, c.want)
				}
			}
		})
	}
}

// ampOutcomes is what package ampclient prints.
const ampOutcomes = `94 <nil>
0.3333333333333333 <nil>
ZERO_DIVISION: division by zero
UNHANDLED: Unhandled Command: b'Multiply'
true <nil>
`

func TestOurAMPCallsTwisted(t *testing.T) {
	t.Run("native", func(t *testing.T) {
		to, p := twistedAMP(t)
		r := trial.Start(t, reactor.Config{})
		var out strings.Builder
		done := make(chan struct{})
		r.OnLoop(func(l *reactor.Loop) { ampclient.Run(l, to, &out, func() { close(done) }) })
		trial.Wait(t, done, "the end of the client")
		checkAMPOutcomes(t, p, out.String())
	})
	t.Run("sandboxed", func(t *testing.T) {
		to, p := twistedAMP(t)
		h := newHost(t)
		module, err := h.Load(context.Background(), "guest.wasm", guestbuild.Go(t, "./testdata/ampguest"))
		if err != nil {
			t.Fatal(err)
		}
		r := trial.Start(t, reactor.Config{})
		var out lockedBuffer
		c := host.ServiceConfig{Program: true, Config: map[string]string{"to": to}, Stdout: &out}
		if err := c.Grants.Set("dial=tcp:127.0.0.1:*"); err != nil {
			t.Fatal(err)
		}
		s, err := h.NewService(module, r.Reactor, c)
		if err != nil {
			t.Fatal(err)
		}
		if status, err := s.Exec(t.Context()); status != 0 || err != nil {
			t.Errorf("status %d, %v", status, err)
		}
		checkAMPOutcomes(t, p, out.text())
	})
}

// twistedAMP starts Twisted's server and returns the endpoint to connect to.
func twistedAMP(t *testing.T) (to string, p *twisted) {
	t.Helper()
	p = startTwisted(t, "amp.py", "listen", "tcp:0:interface=127.0.0.1")
	return clientOf(t, p.expect("listening").Address), p
}

func checkAMPOutcomes(t *testing.T, p *twisted, got string) {
	t.Helper()
	if got != ampOutcomes {
		t.Errorf("the client printed %q, want %q", got, ampOutcomes)
	}
	p.expect("made")
	p.expectLost("ConnectionDone")
}
