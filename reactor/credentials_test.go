//go:build linux || darwin || freebsd

package reactor_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestPeerCredentials: the ends of a UNIX connection know each other, those of others do not.
func TestPeerCredentials(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		l := r.Loops()[0]
		server := newRecorder()
		at := r.listen("unix:"+endpoint.Quote(filepath.Join(t.TempDir(), "s")), func() protocol.Protocol { return server })
		f := newClientFactory(newRecorder())
		r.connectText(f, "unix:"+endpoint.Quote(at.String()))
		wait(t, f.p.made, "ConnectionMade")
		conn := wait(t, server.made, "ConnectionMade")
		ask := func(c *reactor.Conn) (who protocol.PeerCredentials, err error) {
			r.onLoop(c.Loop(), func() { who, err = c.PeerCredentials() })
			return who, err
		}
		for _, c := range []*reactor.Conn{conn, f.p.conn} {
			who, err := ask(c)
			if err != nil || int(who.UID) != os.Getuid() || int(who.GID) != os.Getgid() ||
				who.PID != 0 && int(who.PID) != os.Getpid() {
				t.Errorf("%v, %v", who, err)
			}
		}
		r.onLoop(l, func() { f.p.conn.AbortConnection() })
		wait(t, f.p.ended, "ConnectionLost")
		if _, err := ask(f.p.conn); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
		p := newRecorder()
		r.serve(p)
		if _, err := ask(wait(t, p.made, "ConnectionMade")); !errors.Is(err, protocol.ErrUnsupported) {
			t.Errorf("over TCP: %v", err)
		}
	})
}
