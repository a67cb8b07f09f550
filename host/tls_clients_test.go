package host_test

import (
	"crypto/tls"
	"io"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/testcert"
)

// presenting is a client's configuration that presents a certificate whatever the server says it would accept.
func presenting(trusting *tls.Config, certificate *tls.Certificate) *tls.Config {
	cfg := trusting.Clone()
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	return cfg
}

// TestGuestsDemandClientCertificates has a guest ask clients of all kinds for a certificate. Only one that leads to the
// operator's roots is anybody's, and it is what conn_info tells.
func TestGuestsDemandClientCertificates(t *testing.T) {
	w := newWorld(t)
	certificate, roots := identity(t)
	ca, foreign := testcert.NewCA(t), testcert.NewCA(t)
	known := ca.Issue(t, testcert.Template{Names: []string{"client.test"}}).TLS
	expired := ca.Issue(t, testcert.Template{Names: []string{"client.test"}, Expires: time.Now().Add(-time.Hour)}).TLS
	stranger := foreign.Issue(t, testcert.Template{Names: []string{"client.test"}}).TLS
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService,
		TLS: host.TLS{ClientRoots: ca.Pool(), Identities: []host.Identity{{Name: "first", Certificate: certificate}}}})
	p.expect(abi.ConnectionMade)
	trusting := &tls.Config{ServerName: "localhost", RootCAs: roots}
	for _, c := range []struct {
		name, demand string
		client       *tls.Config
		up, verified bool
	}{
		{"require, none", "require", trusting, false, false},
		{"require, ours", "require", presenting(trusting, &known), true, true},
		{"require, a stranger's", "require", presenting(trusting, &stranger), false, false},
		{"require, expired", "require", presenting(trusting, &expired), false, false},
		{"request, none", "request", trusting, true, false},
		{"request, ours", "request", presenting(trusting, &known), true, true},
		{"request, a stranger's", "request", presenting(trusting, &stranger), false, false},
		{"none, ours", "none", presenting(trusting, &known), true, false},
	} {
		for version, number := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
			t.Run(c.name+", "+version, func(t *testing.T) {
				p.TB = t
				conn := dial(t, address)
				handle := int64(p.expect(abi.ConnectionMade).a)
				if code := p.callText("start_tls", "client_certificate="+c.demand, handle); code != 0 {
					t.Fatalf("start_tls: %d", code)
				}
				cfg := c.client.Clone()
				cfg.MaxVersion = number
				client := tls.Client(conn, cfg)
				_ = client.Handshake() // a client of TLS 1.3 hears of a refusal after it
				if !c.up {
					if e := p.expect(abi.ConnectionLost); int64(e.a) != handle || e.b != 9 {
						t.Errorf("%v, want reason 9", e)
					}
					if _, err := client.Read(make([]byte, 1)); err == nil {
						t.Error("the client was not refused")
					}
					return
				}
				p.expect(abi.HandshakeCompleted)
				der, verified := abi.NotFound.Error(), "0"
				if c.verified {
					der, verified = string(known.Certificate[0]), "1"
				}
				if got := p.info(handle, abi.InfoPeerCertificate); got != der {
					t.Errorf("peer certificate: %.20q", got)
				}
				if got := p.info(handle, abi.InfoPeerVerified); got != verified {
					t.Errorf("verified: %q", got)
				}
				p.callText("write", "welcome", handle)
				if _, err := io.ReadFull(client, make([]byte, len("welcome"))); err != nil {
					t.Error(err)
				}
				client.Close()
				p.expect(abi.ConnectionLost)
			})
		}
	}
}

// A demand that cannot be met or makes no sense changes nothing about the connection.
func TestDemandsThatFail(t *testing.T) {
	w := newWorld(t)
	certificate, _ := identity(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService,
		TLS: host.TLS{Identities: []host.Identity{{Name: "first", Certificate: certificate}}}})
	p.expect(abi.ConnectionMade)
	c := dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)
	for options, want := range map[string]abi.Code{
		"client_certificate=require":                             abi.NotFound, // the system's roots are not the operator's
		"client_certificate=request":                             abi.NotFound,
		"client_certificate=":                                    abi.Invalid,
		"client_certificate=maybe":                               abi.Invalid,
		"role=client\nserver_name=x\nclient_certificate=require": abi.Invalid,
	} {
		if got := p.callText("start_tls", options, conn); abi.Code(got) != want {
			t.Errorf("start_tls %q: %d, want %d", options, got, want)
		}
	}
	p.callText("write", "in clear", conn)
	receive(t, c, "in clear")
}

// TestGuestsPresentCertificates has guests dial a server that requires a certificate.
func TestGuestsPresentCertificates(t *testing.T) {
	w := newWorld(t)
	server := testcert.SelfSigned(t, "localhost", "127.0.0.1")
	ca, foreign := testcert.NewCA(t), testcert.NewCA(t)
	mine := ca.Issue(t, testcert.Template{Names: []string{"mine"}})
	other := foreign.Issue(t, testcert.Template{Names: []string{"other"}})
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*"), TLS: host.TLS{Roots: server.Pool(),
		Identities: []host.Identity{{Name: "mine", Certificate: mine.TLS}, {Name: "other", Certificate: other.TLS}}}})
	p.expect(abi.ConnectionMade)
	address := tlsServer(t, &tls.Config{Certificates: []tls.Certificate{server.TLS},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool()})
	for identity, welcome := range map[string]bool{"mine": true, "other": false, "": false} {
		conn := p.callText("connect", endpointOf(address))
		p.expect(abi.ConnectionMade)
		options := ""
		if identity != "" {
			options = "identity=" + identity
		}
		if code := p.callText("start_tls", options, conn); code != 0 {
			t.Fatalf("start_tls: %d", code)
		}
		p.expect(abi.HandshakeCompleted) // TLS 1.3: the refusal comes after it
		if !welcome {
			if e := p.expect(abi.ConnectionLost); int64(e.a) != conn {
				t.Errorf("identity %q: %v", identity, e)
			}
			continue
		}
		p.callText("write", "hello", conn)
		if e := p.expect(abi.DataReceived); e.data != "hello" {
			t.Errorf("%v", e)
		}
		p.call("abort_connection", conn)
		p.expect(abi.ConnectionLost)
	}
}
