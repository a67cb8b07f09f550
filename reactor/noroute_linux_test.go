package reactor_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestNoRoute dials where TCP leads nowhere: Linux has no route to broadcast addresses for it, whatever its networks are.
func TestNoRoute(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		f := newClientFactory(newRecorder())
		r.connectText(f, "tcp:255.255.255.255:80")
		expectReason(t, wait(t, f.failed, "ClientConnectionFailed"), protocol.ErrNoRoute)
	})
}
