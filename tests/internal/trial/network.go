package trial

import (
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Network is a kind of stream.
type Network struct {
	Name string
	// Open returns the server endpoint to listen on, and what makes the client endpoint to dial with from one that has
	// no TLS.
	Open func(t testing.TB) (server string, client func(to string) string)
}

// TCP, UNIX and TLS are the kinds of streams. TLS clients verify the server.
var (
	TCP  = Network{"tcp", func(testing.TB) (string, func(string) string) { return Localhost, plain }}
	UNIX = Network{"unix", func(t testing.TB) (string, func(string) string) {
		return "unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "socket")), plain
	}}
	TLS = Network{"tls", func(t testing.TB) (string, func(string) string) {
		files := NewPKI(t)
		return files.Server(), files.Client
	}}
)

func plain(to string) string { return to }

// Wire is a network and the reactor that a test uses it with.
type Wire struct {
	Network
	*Reactor
}

// OnStreams runs test for each kind of stream and each backend.
func OnStreams(t *testing.T, test func(t *testing.T, w Wire)) {
	t.Helper()
	for _, n := range []Network{TCP, UNIX, TLS} {
		t.Run(n.Name, func(t *testing.T) {
			OnBackends(t, func(t *testing.T, backend string) {
				test(t, Wire{n, Start(t, reactor.Config{Backend: backend})})
			})
		})
	}
}

// Join connects two factories of loop 0.
func (w Wire) Join(client, server protocol.Factory) (protocol.Connector, protocol.Port) {
	w.t.Helper()
	port, to := w.Serve(server)
	return w.MustConnect(to, client), port
}

// Serve listens, and returns the client endpoint to dial with.
func (w Wire) Serve(f protocol.Factory) (port protocol.Port, to string) {
	w.t.Helper()
	server, client := w.Open(w.t)
	w.OnLoop(func(l *reactor.Loop) {
		var err error
		if port, err = l.Listen(server, f); err != nil {
			w.t.Error(err)
		}
	})
	if port == nil {
		w.t.FailNow()
	}
	return port, client(To(port.Host()))
}
