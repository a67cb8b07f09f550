//go:build linux

package host_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// TestPeerCredentials: a guest can ask who is at the other end of a UNIX connection.
func TestPeerCredentials(t *testing.T) {
	w := newWorld(t)
	_, s, _ := w.pull(host.ServiceConfig{})
	path := filepath.Join(t.TempDir(), "s")
	if _, err := s.Listen("unix:" + endpoint.Quote(path)); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	p := newPuppet(t, c)
	conn := int64(p.expect(abi.ConnectionMade).a)
	want := fmt.Sprintf("pid=%d,uid=%d,gid=%d", os.Getpid(), os.Getuid(), os.Getgid())
	if got := p.info(conn, abi.InfoPeerCredentials); got != want {
		t.Errorf("credentials %q, want %q", got, want)
	}
}
