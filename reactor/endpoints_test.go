package reactor_test

import (
	"net"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	// Types of one's own: loopback:PORT listens there, and nearby:PORT connects there.
	endpoint.RegisterServer(endpoint.Type[endpoint.Server]{
		Name:       "loopback",
		Positional: []string{"port"},
		Parse: func(a *endpoint.Args) (*endpoint.Server, error) {
			return &endpoint.Server{Network: "tcp", Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port("port", 0)))}, nil
		},
	})
	endpoint.RegisterClient(endpoint.Type[endpoint.Client]{
		Name:       "nearby",
		Positional: []string{"port"},
		Parse: func(a *endpoint.Args) (*endpoint.Client, error) {
			return &endpoint.Client{
				Network: "tcp", Host: "127.0.0.1", Port: a.Port("port", 1), Timeout: endpoint.DefaultTimeout,
			}, nil
		},
	})
}

// TestEndpointPlugins: types that somebody has registered are served, dialled and wrapped like the built-in ones.
func TestEndpointPlugins(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Resolver: mapResolver{}})
		at := r.listen("loopback:0", newEcho)
		f := newClientFactory(newRecorder())
		f.p.onMade = func(c *reactor.Conn) { c.Write([]byte("hello")) }
		r.connectText(f, "nearby:"+strconv.Itoa(int(at.(protocol.TCPAddress).Port())))
		if got := wait(t, f.p.data, "an echo"); got != "hello" {
			t.Errorf("received %q", got)
		}

		behind := r.listen("haproxy:loopback:0", newEcho)
		exchange(t, dial(t, behind), "PROXY UNKNOWN\r\nhello", "hello")
	})
}

// TestWrapClientTLS has TLS on a UNIX socket, whose server is verified by the name that was given.
func TestWrapClientTLS(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		path := filepath.Join(t.TempDir(), "s")
		server := newProbe()
		server.data = echoBack
		_, err := w.ListenEndpoint(&endpoint.Server{Network: "unix", Address: path, TLS: w.server}, server)
		w.check(err)
		plain, err := endpoint.ParseClient("unix:" + endpoint.Quote(path))
		w.check(err)
		for name, good := range map[string]bool{"a.test": true, "other.test": false} {
			cfg := w.client.Clone()
			cfg.ServerName = ""
			wrapped, err := endpoint.WrapClientTLS(cfg, name, plain)
			w.check(err)
			client := clientProbe{newProbe()}
			client.shaken = func(p *probe) { p.write("hello") }
			w.on(func(l *reactor.Loop) { _, err = l.ConnectEndpoint(wrapped, client) })
			w.check(err)
			if !good {
				client.expect(t, "started", "failed")
				continue
			}
			client.expect(t, "started", "made", "shaken")
			if got := client.expectData(t, 5); string(got) != "hello" {
				t.Errorf("received %q", got)
			}
		}
	})
}
