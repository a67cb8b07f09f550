package interop

import (
	"crypto/tls"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/tests/internal/puppet"
	"github.com/wasmnet/wasmnet/tests/internal/sandbox"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// A guest is a puppet in a sandbox, on sockets.
type guest struct {
	t       *testing.T
	reactor *trial.Reactor
	files   *trial.PKI
	gate    *sandbox.Gate
	tape    *sandbox.Tape
	taken   int // lines of the tape that were expected already
	service *host.Service
}

// newGuest makes one that is to be served, or run as a program.
func newGuest(t *testing.T) *guest {
	t.Helper()
	g := &guest{t: t, reactor: trial.Start(t, reactor.Config{}), files: trial.NewPKI(t), gate: sandbox.NewGate()}
	g.tape = g.gate.NewTape()
	return g
}

// start puts the puppet in service with its script; "$to" is in a program's script what it dials.
func (g *guest) start(script, to string, program bool) {
	g.t.Helper()
	cfg := host.ServiceConfig{
		Name: "puppet", Stdout: g.tape, Program: program, Config: map[string]string{"script": script, "to": to},
		Logger: slog.New(slog.NewTextHandler(g.t.Output(), nil)),
		Limits: host.Limits{FuelRate: host.Unlimited},
	}
	cfg.TLS.Roots = g.files.ClientConfig(g.t).RootCAs
	for name, files := range map[string][2]string{
		"server": {g.files.ServerCert, g.files.ServerKey}, "client": {g.files.ClientCert, g.files.ClientKey},
	} {
		pair, err := tls.LoadX509KeyPair(files[0], files[1])
		if err != nil {
			g.t.Fatal(err)
		}
		cfg.TLS.Identities = append(cfg.TLS.Identities, host.Identity{Name: name, Certificate: pair})
	}
	for _, grant := range []string{"dial=*:loopback:*", "dial=unix:/*", "listen=*:loopback:*"} {
		if err := cfg.Grants.Set(grant); err != nil {
			g.t.Fatal(err)
		}
	}
	h, m := sandbox.Host(g.t)
	var err error
	if g.service, err = h.NewService(m, g.reactor.Reactor, cfg); err != nil {
		g.t.Fatal(err)
	}
}

// serve listens with the script, and returns the client endpoint to dial with.
func (g *guest) serve(endpoint, script string) (to string) {
	g.t.Helper()
	g.start(script, "", false)
	port, err := g.service.Listen(endpoint)
	if err != nil {
		g.t.Fatal(err)
	}
	return trial.To(port.Host())
}

// exec runs a program with the script.
func (g *guest) exec(script, to string) {
	g.t.Helper()
	g.start(script, to, true)
	if _, err := g.service.StartExec(); err != nil {
		g.t.Fatal(err)
	}
}

// join connects the guest to a program, in one of the roles.
func (g *guest) join(n trial.Network, who side, script, program string, options ...string) *twisted {
	g.t.Helper()
	if who == oursListens {
		text, client := n.Open(g.t)
		if n.Name == trial.TLS.Name {
			text, client = g.files.Server(), g.files.Client
		}
		return startTwisted(g.t, program, append([]string{"connect", client(g.serve(text, script))}, options...)...)
	}
	text, _ := n.Open(g.t)
	if n.Name == trial.TLS.Name {
		text = g.files.Server()
	}
	p := startTwisted(g.t, program, append([]string{"listen", text}, options...)...)
	to := clientOf(g.t, p.expect("listening").Address)
	if n.Name == trial.TLS.Name {
		to = "ssl" + strings.TrimPrefix(to, "tcp") + ":hostname=" + trial.ServerName // it has the roots of its service
	}
	g.exec(script+"\n start: dial $to", to)
	g.expect("started")
	return p
}

// expect waits for lines that the guest is to tell next. A "*" in one stands for anything.
func (g *guest) expect(lines ...string) (last string) {
	g.t.Helper()
	for _, want := range lines {
		if !g.gate.Wait(func() bool { return len(g.tape.All()) > g.taken }) {
			g.t.Fatalf("the guest tells nothing more than %q, want %q", g.tape.All(), want)
		}
		last = g.tape.All()[g.taken]
		g.taken++
		start, end, any := strings.Cut(want, "*")
		if last != want && !(any && strings.HasPrefix(last, start) && strings.HasSuffix(last, end)) {
			g.t.Fatalf("the guest told %q, and then %q, want %q", g.tape.All()[:g.taken-1], last, want)
		}
	}
	return last
}

// close ends the reactor and then the service.
func (g *guest) close() {
	g.t.Helper()
	if g.reactor.Drain(0) == nil {
		_ = g.reactor.Drain(0) // the second call does not wait for output; Run may have returned by now
	}
	g.reactor.Ended()
	if err := g.service.Close(); err != nil {
		g.t.Error(err)
	}
}

var guestNetworks = []trial.Network{trial.TCP, trial.UNIX, trial.TLS}

// onGuests runs a test with a guest in both roles, on these networks.
func onGuests(t *testing.T, networks []trial.Network, test func(t *testing.T, g *guest, n trial.Network, who side)) {
	for _, n := range networks {
		for _, who := range []side{oursListens, twistedListens} {
			t.Run(n.Name+"/"+string(who), func(t *testing.T) {
				g := newGuest(t)
				test(t, g, n, who)
				g.close()
			})
		}
	}
}

// lostLines are the last that a guest tells of a connection.
func lostLines(who side, reason string) []string {
	if who == twistedListens {
		return []string{"lost " + reason, "client lost " + reason}
	}
	return []string{"lost " + reason}
}

func TestGuestStream(t *testing.T) {
	onGuests(t, guestNetworks, func(t *testing.T, g *guest, n trial.Network, who side) {
		p := g.join(n, who, "made: write hello\n line question: write answer, write bye, lose", "stream.py")
		p.expect("made")
		if n.Name == trial.TLS.Name {
			p.expect("handshake")
			g.expect("made", "handshake")
		} else {
			g.expect("made")
		}
		p.expectData("hello\n")
		p.write("quest")
		p.write("ion\nand more")
		p.expectData("answer\nbye\n")
		g.expect("line question")
		if n.Name == trial.TLS.Name {
			p.expectLost("ConnectionDone")
		} else if e := p.expect("lost"); !slices.Contains([]string{"ConnectionDone", "ConnectionLost"}, e.Reason) {
			t.Errorf("Twisted lost it for %s", e.Reason) // a reset if what it wrote last was not read
		}
	})
}

func TestGuestHalfClose(t *testing.T) {
	onGuests(t, []trial.Network{trial.TCP, trial.UNIX}, func(t *testing.T, g *guest, n trial.Network, who side) {
		const script = "half:\n line question: write early\n read lost: write answer, losewrite"
		p := g.join(n, who, script, "stream.py", "half")
		p.expect("made")
		g.expect("made")
		p.write("question\n")
		p.expectData("early\n")
		p.do("lose write", nil)
		p.expect("write lost")
		p.expectData("answer\n")
		p.expect("read lost")
		p.do("lose", nil) // Twisted keeps a connection that is closed in both directions until it is told
		p.expectLost("ConnectionDone")
		g.expect("line question", "read lost", "write lost")
		g.expect(lostLines(who, "done")...)
	})
}

func TestGuestAborts(t *testing.T) {
	onGuests(t, []trial.Network{trial.TCP, trial.TLS}, func(t *testing.T, g *guest, n trial.Network, who side) {
		p := g.join(n, who, "line abort: abort", "stream.py")
		p.expect("made")
		g.expect("made")
		if n.Name == trial.TLS.Name {
			p.expect("handshake")
			g.expect("handshake")
		}
		p.write("abort\n")
		p.expectLost("ConnectionLost")
		g.expect("line abort")
		g.expect(lostLines(who, "aborted")...)
	})
}

// TestGuestStartTLS upgrades in mid-stream; the guest and Twisted each present the certificate once.
func TestGuestStartTLS(t *testing.T) {
	onGuests(t, []trial.Network{trial.TCP}, func(t *testing.T, g *guest, n trial.Network, who side) {
		p := g.join(n, who, "line starttls: write go, starttls server identity=server alpn=told\n"+
			"handshake: tls\n line secret: write kept, lose", "stream.py")
		p.expect("made")
		g.expect("made")
		p.write("starttls\n")
		p.expectData("go\n")
		p.do("start tls", command{"server": false, "alpn": []string{"other", "told"}, "root": g.files.Root, "name": trial.ServerName})
		if e := p.expect("handshake"); e.ALPN != "told" || e.Subject != trial.ServerName {
			t.Errorf("Twisted: %+v", e)
		}
		p.write("secret\n")
		p.expectData("kept\n")
		p.expectLost("ConnectionDone")
		g.expect("line starttls", "handshake", "tls TLS 1.3 alpn=told name=server.test peer=nobody verified=false", "line secret")
		g.expect(lostLines(who, "done")...)
	})
	onGuests(t, []trial.Network{trial.TCP}, func(t *testing.T, g *guest, n trial.Network, who side) {
		p := g.join(n, who, "made: write starttls\n line go: starttls client name=server.test alpn=told\n"+
			"handshake: tls, write secret\n line kept: lose", "stream.py")
		p.expect("made")
		p.expectData("starttls\n")
		p.do("write and start tls", command{"data": "676f0a", "server": true, "alpn": []string{"other", "told"},
			"certificate": g.files.ServerCert, "key": g.files.ServerKey})
		p.expect("handshake")
		p.expectData("secret\n")
		p.write("kept\n")
		p.expectLost("ConnectionDone")
		g.expect("made", "line go", "handshake", "tls TLS 1.3 alpn=told name=server.test peer=* verified=true", "line kept")
		g.expect(lostLines(who, "done")...)
	})
}

// TestGuestMutualTLS shows a guest the certificate of a Twisted that the operator's endpoint demands one of.
func TestGuestMutualTLS(t *testing.T) {
	g := newGuest(t)
	to := g.serve(g.files.Server()+":trustRoots="+endpoint.Quote(g.files.Roots), "handshake: tls\n line hello: write welcome, lose")
	p := startTwisted(t, "stream.py", "connect", g.files.Client(to)+
		":certificate="+endpoint.Quote(g.files.ClientCert)+":privateKey="+endpoint.Quote(g.files.ClientKey))
	p.expect("made")
	if e := p.expect("handshake"); e.Subject != trial.ServerName {
		t.Errorf("Twisted sees the certificate of %q", e.Subject)
	}
	certificate, err := tls.LoadX509KeyPair(g.files.ClientCert, g.files.ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	g.expect("made", "handshake",
		"tls TLS 1.3 alpn= name=server.test peer="+puppet.Fingerprint(certificate.Certificate[0])+" verified=true")
	p.write("hello\n")
	p.expectData("welcome\n")
	p.expectLost("ConnectionDone")
	g.expect("line hello", "lost done")
	g.close()
}

// TestGuestBehindAProxy tells a guest whom a PROXY header speaks of.
func TestGuestBehindAProxy(t *testing.T) {
	g := newGuest(t)
	to := g.serve("haproxy:"+trial.Localhost, "made: addresses\n line hello: write welcome, lose")
	p := startTwisted(t, "stream.py", "connect", to)
	p.expect("made")
	for _, piece := range []string{"PRO", "XY TCP4 192.0.2.1 192.0.2.2 1000 443\r", "\nhel", "lo\n"} {
		p.write(piece)
	}
	g.expect("made", "addresses 192.0.2.1:1000 192.0.2.2:443", "line hello", "lost done")
	p.expectData("welcome\n")
	p.expectLost("ConnectionDone")
	g.close()
}
