package interop

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// onTLS runs a test for every assignment of roles and backend, over a TLS connection that both sides have been told of.
func onTLS(t *testing.T, test func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted, who side)) {
	for _, who := range []side{oursListens, twistedListens} {
		t.Run(string(who), func(t *testing.T) {
			trial.OnBackends(t, func(t *testing.T, backend string) {
				r := trial.Start(t, reactor.Config{Backend: backend})
				ours := trial.NewProbe(t)
				p := join(t, r, trial.TLS, who, trial.Shaken{Probe: ours}, "stream.py")
				ours.Expect(t, trial.Made, trial.Handshake)
				p.expect("made")
				p.expect("handshake")
				test(t, r, ours, p, who)
			})
		})
	}
}

func TestTLS(t *testing.T) {
	onTLS(t, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted, who side) {
		r.OnLoop(func(*reactor.Loop) {
			info, ok := ours.Transport.TLS()
			if !ok || info.Version != "TLS 1.3" || info.PeerVerified != (who == twistedListens) {
				t.Errorf("TLS: %+v, %v", info, ok)
			}
			ours.Send("from us")
		})
		p.expectData("from us")
		p.write("from Twisted")
		ours.ExpectData(t, "from Twisted")
		r.OnLoop(func(*reactor.Loop) {
			ours.Send("last words")
			ours.Transport.LoseConnection()
		})
		p.expectData("last words")
		p.expectLost("ConnectionDone")
		ours.ExpectLost(t, protocol.ErrConnectionDone)
	})
}

func TestTwistedLosesTLS(t *testing.T) {
	onTLS(t, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted, _ side) {
		p.write("last words")
		p.do("lose", nil)
		ours.ExpectData(t, "last words")
		ours.ExpectLost(t, protocol.ErrConnectionDone)
		p.expectLost("ConnectionDone")
	})
}

func TestTwistedAbortsTLS(t *testing.T) {
	onTLS(t, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted, _ side) {
		p.do("abort", nil)
		ours.ExpectLost(t, protocol.ErrConnectionLost)
		p.expectLost("ConnectionLost") // without TLS it would be ConnectionAborted
	})
}

func TestWeAbortTLS(t *testing.T) {
	onTLS(t, func(t *testing.T, r *trial.Reactor, ours *trial.Probe, p *twisted, _ side) {
		r.OnLoop(func(*reactor.Loop) { ours.Transport.AbortConnection() })
		ours.ExpectLost(t, protocol.ErrConnectionAborted)
		p.expectLost("ConnectionLost")
	})
}

// TestMutualTLS has the server verify its client, too.
func TestMutualTLS(t *testing.T) {
	t.Run(string(oursListens), func(t *testing.T) {
		files := trial.NewPKI(t)
		r := trial.Start(t, reactor.Config{})
		ours := trial.NewProbe(t)
		port := r.MustListen(files.Server()+":trustRoots="+endpoint.Quote(files.Roots), trial.Shaken{Probe: ours})
		p := startTwisted(t, "stream.py", "connect", files.Client(trial.To(port.Host()))+
			":certificate="+endpoint.Quote(files.ClientCert)+":privateKey="+endpoint.Quote(files.ClientKey))
		ours.Expect(t, trial.Made, trial.Handshake)
		r.OnLoop(func(*reactor.Loop) { checkPeer(t, ours, trial.ClientName) })
		p.expect("made")
		if e := p.expect("handshake"); e.Subject != trial.ServerName {
			t.Errorf("Twisted sees the certificate of %q", e.Subject)
		}
	})
	t.Run(string(twistedListens), func(t *testing.T) {
		files := trial.NewPKI(t)
		r := trial.Start(t, reactor.Config{})
		ours := trial.NewProbe(t)
		p := startTwisted(t, "stream.py", "listen", files.Server(), "verify="+files.Root)
		r.MustConnect(files.Client(clientOf(t, p.expect("listening").Address))+
			":certificate="+endpoint.Quote(files.ClientCert)+":privateKey="+endpoint.Quote(files.ClientKey), trial.Shaken{Probe: ours})
		ours.Expect(t, trial.Made, trial.Handshake)
		r.OnLoop(func(*reactor.Loop) { checkPeer(t, ours, trial.ServerName) })
		p.expect("made")
		if e := p.expect("handshake"); e.Subject != trial.ClientName {
			t.Errorf("Twisted sees the certificate of %q", e.Subject)
		}
	})
}

func checkPeer(t *testing.T, p *trial.Probe, name string) {
	t.Helper()
	info, ok := p.Transport.TLS()
	if !ok || !info.PeerVerified {
		t.Fatalf("TLS: %+v, %v", info, ok)
	}
	cert, err := x509.ParseCertificate(info.PeerCertificate)
	if err != nil {
		t.Fatal(err)
	}
	if cert.Subject.CommonName != name {
		t.Errorf("we see the certificate of %q, want %q", cert.Subject.CommonName, name)
	}
}

// TestTLSVerification has the client refuse the server's certificate, and each side say why.
func TestTLSVerification(t *testing.T) {
	for name, c := range map[string]struct {
		host  string
		roots func(t *testing.T, files *trial.PKI) string
	}{
		"another name": {"other.test", func(_ *testing.T, files *trial.PKI) string { return files.Roots }},
		"another root": {trial.ServerName, func(t *testing.T, _ *trial.PKI) string { return trial.NewPKI(t).Roots }},
	} {
		t.Run(name+"/"+string(oursListens), func(t *testing.T) {
			files := trial.NewPKI(t)
			r := trial.Start(t, reactor.Config{})
			ours := trial.NewProbe(t)
			port := r.MustListen(files.Server(), ours)
			p := startTwisted(t, "stream.py", "connect", trial.TLSClient(trial.To(port.Host()), c.host, c.roots(t, files)))
			p.expect("made") // Twisted's connectionMade does not wait for the handshake
			e := p.next()
			if e.Event == "handshake" {
				e = p.next() // Twisted looks at the name only when the handshake is complete, and says so first
			}
			if e.Event != "lost" || e.Reason != "Error" && e.Reason != "VerificationError" {
				t.Errorf("Twisted: %+v, want the connection lost for a failure of verification", e)
			}
			r.OnLoop(func(*reactor.Loop) {
				for _, e := range ours.Rest() {
					if e.Name == trial.Data {
						t.Errorf("event %v", e)
					}
				}
			})
		})
		t.Run(name+"/"+string(twistedListens), func(t *testing.T) {
			files := trial.NewPKI(t)
			r := trial.Start(t, reactor.Config{})
			p := startTwisted(t, "stream.py", "listen", files.Server())
			ours := trial.NewClient(trial.NewProbe(t))
			r.MustConnect(trial.TLSClient(clientOf(t, p.expect("listening").Address), c.host, c.roots(t, files)), ours)
			ours.Expect(t, trial.FactoryStart, trial.Started)
			ours.ExpectFailed(t, protocol.ErrTLS)
			p.expect("made")
			p.expectLost("Error")
		})
	}
}

// TestServerNames has our server choose its certificate by the name that the client asks for.
func TestServerNames(t *testing.T) {
	files := trial.NewPKI(t)
	dir := t.TempDir()
	for name, pair := range map[string][2]string{
		"DEFAULT.pem": {files.ServerCert, files.ServerKey},
		"other.pem":   {files.ClientCert, files.ClientKey},
	} {
		var both []byte
		for _, path := range pair {
			part, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			both = append(both, part...)
		}
		if err := os.WriteFile(filepath.Join(dir, name), both, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := trial.Start(t, reactor.Config{})
	for _, name := range []string{trial.ServerName, trial.ClientName} {
		ours := trial.NewProbe(t)
		port := r.MustListen("tls:"+endpoint.Quote(dir)+":0:interface=127.0.0.1", trial.Shaken{Probe: ours})
		p := startTwisted(t, "stream.py", "connect", trial.TLSClient(trial.To(port.Host()), name, files.Roots))
		ours.Expect(t, trial.Made, trial.Handshake)
		r.OnLoop(func(*reactor.Loop) {
			if info, _ := ours.Transport.TLS(); info.ServerName != name {
				t.Errorf("the client asked for %q, want %q", info.ServerName, name)
			}
		})
		p.expect("made")
		if e := p.expect("handshake"); e.Subject != name {
			t.Errorf("Twisted sees the certificate of %q, want %q", e.Subject, name)
		}
	}
}

// TestStartTLS upgrades a connection, whoever listens and whoever asks for it. Whoever grants it presents a certificate:
// a TLS client's first message could come together with the word that grants it.
func TestStartTLS(t *testing.T) {
	for _, listens := range []side{oursListens, twistedListens} {
		for name, weAsk := range map[string]bool{"we ask": true, "Twisted asks": false} {
			t.Run(string(listens)+"/"+name, func(t *testing.T) {
				trial.OnBackends(t, func(t *testing.T, backend string) { testStartTLS(t, backend, listens, weAsk) })
			})
		}
	}
}

func testStartTLS(t *testing.T, backend string, listens side, weAsk bool) {
	wePresent := !weAsk
	files := trial.NewPKI(t)
	r := trial.Start(t, reactor.Config{Backend: backend})
	ours := trial.NewProbe(t)
	cfg := files.ClientConfig(t)
	if wePresent {
		cfg = files.ServerConfig(t)
	}
	cfg.NextProtos = []string{"told"}
	upgrade := func() {
		if err := ours.Conn().StartTLSConfig(cfg, wePresent); err != nil {
			t.Errorf("StartTLSConfig: %v", err)
		}
	}
	options := command{"server": !wePresent, "alpn": []string{"other", "told"}}
	if wePresent {
		options["root"], options["name"] = files.Root, trial.ServerName
	} else {
		options["certificate"], options["key"] = files.ServerCert, files.ServerKey
	}
	ours.On[trial.Data] = func(e trial.Event) {
		switch string(e.Data) {
		case "STARTTLS":
			ours.Send("go ahead")
			upgrade()
		case "go ahead":
			upgrade()
		}
	}
	p := join(t, r, trial.TCP, listens, trial.Shaken{Probe: ours}, "stream.py")
	ours.Expect(t, trial.Made)
	p.expect("made")
	if weAsk {
		r.OnLoop(func(*reactor.Loop) { ours.Send("STARTTLS") })
		p.expectData("STARTTLS")
		options["data"] = "676f206168656164"
		p.do("write and start tls", options)
		ours.ExpectData(t, "go ahead")
	} else {
		p.write("STARTTLS")
		p.expectData("go ahead")
		p.do("start tls", options)
		ours.ExpectData(t, "STARTTLS")
	}
	ours.Expect(t, trial.Handshake)
	e := p.expect("handshake")
	if e.ALPN != "told" || wePresent != (e.Subject == trial.ServerName) {
		t.Errorf("Twisted: %+v", e)
	}
	r.OnLoop(func(*reactor.Loop) {
		info, ok := ours.Transport.TLS()
		if !ok || info.ALPN != "told" || info.PeerVerified == wePresent {
			t.Errorf("TLS: %+v, %v", info, ok)
		}
		ours.Send("secret")
	})
	p.expectData("secret")
	p.write("kept")
	ours.ExpectData(t, "kept")
	r.OnLoop(func(*reactor.Loop) { ours.Transport.LoseConnection() })
	ours.ExpectLost(t, protocol.ErrConnectionDone)
	p.expectLost("ConnectionDone")
}
