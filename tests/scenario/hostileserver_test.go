package scenario

import (
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

// TestHostileServers: module get meets servers that do what hostile clients do. It ends by itself, with the status that says
// so, and within its limits.
func TestHostileServers(t *testing.T) {
	o := newOperator(t, 1, slog.LevelWarn)
	web := o.builtin("web", host.ServiceConfig{}, localhost)
	for _, attack := range attacks {
		if attack.times > 10 {
			continue // it makes one connection
		}
		address, end := hostileServer(t, attack)
		status, said := o.get(t, address)
		end()
		if whole := strings.HasPrefix(said, "It works.\n"); whole != (status == 0) || !whole && !slices.Contains([]int{3, 4, 7}, status) {
			t.Errorf("%s: get ends with status %d; %.200q", attack.name, status, said)
		}
		if status, said := o.get(t, web.address); status != 0 || said != "It works.\n" {
			t.Errorf("after %s: get ends with status %d, %q", attack.name, status, said)
		}
	}
	o.stop()
}

// get runs the module for what is at address, and returns its status and what it wrote, the reason of a failure last.
func (o *operator) get(t *testing.T, address string) (int, string) {
	t.Helper()
	var out, problem strings.Builder
	s := o.builtin("get", host.ServiceConfig{
		Program: true, Args: []string{"get", "http://" + address + "/"}, Stdout: &out, Stderr: &problem, Grants: granted(t, "dial=tcp:"+address),
		Config: map[string]string{"idle": "1s", "timeout": "20s"},
	})
	status, err := s.Exec(t.Context())
	if err != nil {
		t.Error(err)
	}
	return status, out.String() + problem.String()
}

// hostileServer does to its only client what the attack does, as the answer to a request that it never read. end waits for
// it.
func hostileServer(t *testing.T, at attack) (address string, end func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Error(err)
		}
		if at.do(c.(*net.TCPConn), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nIt works.\n"); at.waits {
			drain(c)
		}
	}()
	return l.Addr().String(), func() {
		l.Close()
		<-ended
	}
}

// drain reads until the peer ends the connection.
func drain(c net.Conn) {
	for b := make([]byte, 4096); ; {
		if _, err := c.Read(b); err != nil {
			return
		}
	}
}
