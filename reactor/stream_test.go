package reactor_test

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

func TestEcho(t *testing.T) {
	for name, text := range map[string]string{
		"tcp":      localhost,
		"tcp6":     "tcp6:0:interface=\\:\\:1",
		"unix":     "unix:SOCKET",
		"abstract": "unix:@wasmnet-reactor-test",
	} {
		t.Run(name, func(t *testing.T) {
			onBackends(t, func(t *testing.T, backend string) {
				r := start(t, reactor.Config{Backend: backend, Loops: 2})
				at := r.listen(strings.Replace(text, "SOCKET", endpoint.Quote(t.TempDir()+"/s"), 1), newEcho)
				for range 4 {
					c := dial(t, at)
					exchange(t, c, "hello", "hello")
					exchange(t, c, "again", "again")
				}
			})
		})
	}
}
