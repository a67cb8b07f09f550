package hostile

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/testpeer"
)

// grants reads grants in their text form.
func grants(t testing.TB, texts ...string) (g host.Grants) {
	t.Helper()
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// trap is a listener that no guest must reach.
func trap(t testing.TB) (port string) {
	t.Helper()
	address := testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) { t.Errorf("a guest has reached %s", c.LocalAddr()) })
	_, port, _ = net.SplitHostPort(address)
	return port
}

const (
	failedDenied = 1000 + 14
	failedDNS    = 1000 + 5
	dialled      = 2000
)

// inside are addresses that only a grant of their own covers.
var inside = []string{
	"127.0.0.1", "127.8.9.10", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1",
	"169.254.169.254", "fe80::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00:ec2::254", "100.64.0.1",
}

// testDialDenied asks for what is not granted: by name, by address, and by a name that leads inside.
func testDialDenied(t *testing.T, g *guest) {
	port := trap(t)
	table := names{"evil.example": {"127.0.0.1"}}
	for _, a := range inside {
		table[strings.NewReplacer(":", "-", ".", "-").Replace(a)+".evil.example"] = []string{a}
	}
	table["both.evil.example"] = []string{"127.0.0.1", "::1", "169.254.169.254"}
	a := newArena(t, resolving(table))
	m := a.load(g)

	t.Run("nothing is granted", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "nothing"})
		for _, text := range []string{
			"tcp:127.0.0.1:" + port, "tcp:localhost:" + port, "tcp:evil.example:" + port, `tcp:\:\:1:` + port, "tcp:0:" + port,
			"udp:127.0.0.1:" + port, "tls:127.0.0.1:" + port, "unix:/var/run/docker.sock", "unix:@/abstract",
		} {
			s.dials(t, text, int(abi.Denied))
		}
		if n := s.Stats().Dials; n != 0 {
			t.Errorf("%d dials were begun", n)
		}
		denied := a.log.wait(t, 1, "msg", "denied", "service", "nothing")[0]
		if denied["grant"] != "dial" || denied["conn"] == "" || denied["module"] != g.name {
			t.Errorf("logged as %q", denied)
		}
	})
	t.Run("names are granted", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "names", Grants: grants(t, "dial=tcp:*.evil.example:*", "dial=tcp:evil.example:*")})
		s.dials(t, "tcp:evil.example:"+port, failedDenied)
		for name := range table {
			s.dials(t, "tcp:"+name+":"+port, failedDenied)
			s.dials(t, "tls:"+name+":"+port, failedDenied)
		}
		s.dials(t, "tcp:nowhere.evil.example:"+port, failedDNS)
		for _, literal := range inside {
			s.dials(t, "tcp:"+strings.ReplaceAll(literal, ":", `\:`)+":"+port, int(abi.Denied))
		}
	})
	t.Run("everything is granted, and inside is not", func(t *testing.T) {
		s := a.serve(m, host.ServiceConfig{Name: "star", Grants: grants(t, "dial=*:*:*")})
		for name := range table {
			s.dials(t, "tcp:"+name+":"+port, failedDenied)
		}
		for _, literal := range inside {
			s.dials(t, "tcp:"+strings.ReplaceAll(literal, ":", `\:`)+":"+port, int(abi.Denied))
		}
		s.dials(t, "unix:/var/run/docker.sock", int(abi.Denied))
		for _, file := range []string{"ssl:%s:privateKey", "ssl:%s:certKey", "ssl:%s:caCertsDir", "tls:%s:certificate", "tls:%s:trustRoots"} {
			s.dials(t, fmt.Sprintf(file, "192.0.2.1:443")+"=/etc/passwd", int(abi.Denied))
		}
	})
	t.Run("inside is granted by name and class", func(t *testing.T) {
		friendly, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer friendly.Close()
		_, port, _ := net.SplitHostPort(friendly.Addr().String())
		s := a.serve(m, host.ServiceConfig{Name: "granted", Grants: grants(t, "dial=tcp:evil.example:*", "dial=tcp:loopback:*")})
		s.dials(t, "tcp:evil.example:"+port, dialled)
		s.dials(t, "tcp:127.0.0.1:"+port, dialled)
		s.dials(t, "tcp:169-254-169-254.evil.example:"+port, int(abi.Denied))
	})
	a.neighbour.answers(3)
}

// dials has the guest dial an endpoint, and wants this to come of it.
func (s *service) dials(t testing.TB, text string, want int) {
	t.Helper()
	p := connect(t, s.address)
	defer p.Close()
	p.send(text)
	got := p.number()
	if got > 0 {
		got = p.number()
	}
	if got != want {
		t.Errorf("%s: %d, want %d", text, got, want)
	}
}
