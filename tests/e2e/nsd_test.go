package e2e

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// nsd runs a Debian name server with the test's zone on a free port of this machine, and returns the port and how to
// end it.
func nsd(t *testing.T) (port string, stop func()) {
	t.Helper()
	dir := t.TempDir()
	zone, err := os.ReadFile("testdata/example.zone")
	if err != nil {
		t.Fatal(err)
	}
	port = freePort(t)
	config := fmt.Sprintf(`server:
  ip-address: 127.0.0.1@%s
  username: ""
  chroot: ""
  zonesdir: %q
  pidfile: "nsd.pid"
  xfrdfile: "xfrd"
  zonelistfile: "zones"
  database: ""
  minimal-responses: yes
  server-count: 1
remote-control:
  control-enable: no
zone:
  name: example
  zonefile: example.zone
  provide-xfr: 127.0.0.1 NOKEY
`, port, dir)
	for name, text := range map[string]string{"nsd.conf": config, "example.zone": string(zone)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("nsd", "-d", "-V", "1", "-c", filepath.Join(dir, "nsd.conf"))
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v (package nsd)", err)
	}
	said, started, ended := &strings.Builder{}, make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(ended)
		ready := false
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if said.WriteString(lines.Text() + "\n"); !ready && strings.Contains(lines.Text(), "nsd started") {
				ready = true
				started <- true
			}
		}
		if !ready {
			started <- false
		}
		_ = cmd.Wait()
	}()
	stop = func() {
		select {
		case <-ended:
		default:
			_ = cmd.Process.Signal(os.Interrupt)
			<-ended
		}
	}
	t.Cleanup(stop)
	select {
	case ok := <-started:
		if !ok {
			<-ended
			t.Fatalf("nsd does not start:\n%s", said)
		}
	case <-time.After(patience):
		_ = cmd.Process.Kill()
		t.Fatal("nsd does not start")
	}
	return port, stop
}

// freePort is one that was free for both UDP and TCP a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	for {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := l.Addr().(*net.TCPAddr).Port
		u, err := net.ListenPacket("udp4", l.Addr().String())
		l.Close()
		if err == nil {
			u.Close()
			return strconv.Itoa(port)
		}
	}
}
