package interop

import (
	"net"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// side is who of the two listens.
type side string

const (
	oursListens    side = "Twisted is the client"
	twistedListens side = "Twisted is the server"
)

// join connects a factory of ours to a program.
func join(
	t *testing.T, r *trial.Reactor, n trial.Network, who side, f protocol.Factory, program string, options ...string,
) *twisted {
	t.Helper()
	text, client := n.Open(t)
	if who == oursListens {
		to := client(trial.To(r.MustListen(text, f).Host()))
		return startTwisted(t, program, append([]string{"connect", to}, options...)...)
	}
	p := startTwisted(t, program, append([]string{"listen", text}, options...)...)
	r.MustConnect(client(clientOf(t, p.expect("listening").Address)), f)
	return p
}

// onStreams runs a test for every network, backend and assignment of roles, over a connection between ours and the
// program p. Both have said that it is made.
func onStreams(t *testing.T, half bool, test func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted)) {
	for _, n := range []trial.Network{trial.TCP, trial.UNIX} {
		for _, who := range []side{oursListens, twistedListens} {
			t.Run(n.Name+"/"+string(who), func(t *testing.T) {
				trial.OnBackends(t, func(t *testing.T, backend string) {
					r := trial.Start(t, reactor.Config{Backend: backend})
					ours := trial.NewProbe(t)
					var factory protocol.Factory = ours
					var options []string
					if half {
						factory, options = trial.Half{Probe: ours}, []string{"half"}
					}
					p := join(t, r, n, who, factory, "stream.py", options...)
					ours.Expect(t, trial.Made)
					p.expect("made")
					test(t, r, ours, p)
				})
			})
		}
	}
}

// clientOf is the client endpoint that dials an address as the programs write it.
func clientOf(t *testing.T, address string) string {
	t.Helper()
	if filepath.IsAbs(address) {
		return "unix:" + endpoint.Quote(address)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return "tcp:" + endpoint.Quote(host) + ":" + port
}
