package hostile

import (
	"crypto/tls"
	"io"
	"net"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
)

// echo serves the echo guest.
func (a *arena) echo(cfg host.ServiceConfig, endpoint string) *service {
	a.Helper()
	g, err := echoGuest()
	if err != nil {
		a.Fatal(err)
	}
	cfg.Name = "echo"
	s := a.service(a.load(g), cfg)
	s.listen(endpoint)
	return s
}

// Peers that go away, in every state there is, leave nothing behind.
func TestPeersLeave(t *testing.T) {
	a := newArena(t)
	s := a.echo(host.ServiceConfig{}, "tcp:0:interface=127.0.0.1")
	big := make([]byte, 1<<20)
	for name, leave := range map[string]func(*peer){
		"at once":                func(p *peer) { p.Close() },
		"reset at once":          func(p *peer) { p.abort() },
		"half-closed":            func(p *peer) { p.CloseWrite(); p.ends(closed) },
		"reset half-closed":      func(p *peer) { p.CloseWrite(); p.abort() },
		"with an answer to come": func(p *peer) { p.send("hello"); p.Close() },
		"reset with an answer":   func(p *peer) { p.send("hello"); p.abort() },
		"with an answer read":    func(p *peer) { p.echoes("hello"); p.abort() },
		"does not read": func(p *peer) {
			p.SetReadBuffer(4096)
			p.SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
			_, _ = p.Write(big) // as much as is taken
			p.abort()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a.neighbour.while(func() {
				for range 20 {
					p := connect(t, s.address)
					leave(p)
					p.Close()
				}
			})
			a.quiet()
		})
	}
	s.dial().echoes("still there")
}

// A miser passes on so many bytes of what a TLS client sends, and keeps the rest for itself.
type miser struct {
	net.Conn
	left int
}

func (m *miser) Write(p []byte) (int, error) {
	n := min(len(p), m.left)
	m.left -= n
	if _, err := m.Conn.Write(p[:n]); err != nil {
		return 0, err
	}
	if n < len(p) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// Handshakes that are abandoned after any number of bytes, in any way, hold nobody up and leave nothing behind.
func TestHandshakesAreAbandoned(t *testing.T) {
	identity := testcert.SelfSigned(t, "localhost")
	key, cert := identity.Files(t)
	roots := identity.Pool()
	a := newArena(t, func(_ *host.Config, rc *reactor.Config) { rc.HandshakeTimeout = 300 * time.Millisecond })
	s := a.echo(host.ServiceConfig{}, "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: version, MaxVersion: version}
		for name, leave := range map[string]func(*peer){
			"closed": func(p *peer) { p.Close() },
			"reset":  func(p *peer) { p.abort() },
			"silent": func(p *peer) { _, _ = io.Copy(io.Discard, p); p.Close() }, // until the server has had enough
		} {
			t.Run(tls.VersionName(version)+" "+name, func(t *testing.T) {
				a.neighbour.while(func() {
					for _, bytes := range []int{0, 1, 5, 6, 100, 250, 300, 500, 1000} {
						p := connect(t, s.address)
						// Sends so much of the handshake and of what follows it.
						c := tls.Client(&miser{p.TCPConn, bytes}, cfg)
						if c.Handshake() == nil {
							_, _ = c.Write([]byte("hello"))
							if name == "silent" {
								p.CloseWrite() // the handshake is over: only the peer can end it
							}
						}
						leave(p)
					}
				})
				a.quiet()
			})
		}
		c := tls.Client(s.dial(), cfg)
		if _, err := c.Write([]byte("good morning")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 12)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "good morning" {
			t.Errorf("afterwards: %q, %v", got, err)
		}
		c.Close()
	}
}

// One address may have so many connections, and another one as many again.
func TestOneAddressDoesNotCrowdOutOthers(t *testing.T) {
	a := newArena(t)
	s := a.echo(host.ServiceConfig{Limits: host.Limits{PerPeer: 3}}, "tcp:0:interface=127.0.0.1")
	for range 3 {
		s.dial().echoes("hello")
	}
	if p := s.dialReset(); p != nil {
		if b, _ := p.rest(); len(b) > 0 {
			t.Errorf("a connection too many received %q", b)
		}
	}
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}, Timeout: patience}
	c, err := d.DialContext(t.Context(), "tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	(&peer{t, c.(*net.TCPConn)}).echoes("from another address")
	s.breached("per-peer", 1)
}
