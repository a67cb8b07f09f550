// Package trial runs reactors in tests, with protocols that tell what happens to them and hold the reactor to its
// contract: events come on the loop, one at a time, ConnectionMade first, ConnectionLost last, each of them once.
package trial

import (
	"runtime"
	"testing"
	"time"
)

// Patience is how long a test waits for what must happen before it fails.
const Patience = 30 * time.Second

// Localhost is a TCP server endpoint on a free port.
const Localhost = "tcp:0:interface=127.0.0.1"

// OnBackends runs test once for each backend that the platform has.
func OnBackends(t *testing.T, test func(t *testing.T, backend string)) {
	t.Helper()
	backends := []string{"net"}
	switch runtime.GOOS {
	case "linux":
		backends = append(backends, "epoll")
	case "darwin", "dragonfly", "freebsd", "netbsd", "openbsd":
		backends = append(backends, "kqueue")
	}
	for _, b := range backends {
		t.Run(b, func(t *testing.T) { test(t, b) })
	}
}

// Wait waits for a value from c, or for c to be closed.
func Wait[T any](t testing.TB, c <-chan T, what string) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(Patience):
		t.Fatalf("%s does not happen\n%s", what, stacks())
	}
	return value
}

// stacks are those of all goroutines.
func stacks() []byte {
	buf := make([]byte, 1<<20)
	return buf[:runtime.Stack(buf, true)]
}
