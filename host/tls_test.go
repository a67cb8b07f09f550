package host_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/internal/testpeer"
)

// identity makes a certificate for localhost and 127.0.0.1, and the roots that verify it.
func identity(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	leaf := testcert.SelfSigned(t, "localhost", "127.0.0.1")
	return leaf.TLS, leaf.Pool()
}

func TestStartTLSAsServer(t *testing.T) {
	w := newWorld(t)
	certificate, roots := identity(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService,
		TLS: host.TLS{Identities: []host.Identity{{Name: "first", Certificate: certificate}}}})
	p.expect(abi.ConnectionMade)
	c := dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)

	for options, want := range map[string]abi.Code{
		"nonsense":        abi.Invalid,
		"role=judge":      abi.Invalid,
		"alpn=":           abi.Invalid,
		"identity=second": abi.NotFound,
		"role=client":     abi.Invalid, // whom to verify?
	} {
		if got := p.callText("start_tls", options, conn); abi.Code(got) != want {
			t.Errorf("start_tls %q: %d, want %d", options, got, want)
		}
	}
	if got := p.info(conn, abi.InfoTLSVersion); got != abi.NotFound.Error() {
		t.Errorf("TLS version before TLS: %q", got)
	}
	got := p.all(p.texting("write", "in clear", conn), p.texting("start_tls", "role=server\nalpn=h2,echo\nidentity=first\n", conn),
		p.texting("start_tls", "", conn))
	if got[1] != 0 || abi.Code(got[2]) != abi.Conflict {
		t.Fatalf("start_tls twice: %d", got[1:])
	}
	receive(t, c, "in clear")
	client := tls.Client(c, &tls.Config{ServerName: "localhost", RootCAs: roots, NextProtos: []string{"echo"}})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if e := p.expect(abi.HandshakeCompleted); int64(e.a) != conn {
		t.Errorf("%v", e)
	}
	for key, want := range map[int64]string{abi.InfoALPN: "echo", abi.InfoSNI: "localhost", abi.InfoTLSVersion: "TLS 1.3",
		abi.InfoPeerCertificate: abi.NotFound.Error(), abi.InfoPeerVerified: "0"} {
		if got := p.info(conn, key); got != want {
			t.Errorf("conn_info %d: %q, want %q", key, got, want)
		}
	}
	if _, err := io.WriteString(client, "secret"); err != nil {
		t.Fatal(err)
	}
	if e := p.expect(abi.DataReceived); e.data != "secret" {
		t.Errorf("%v", e)
	}
	p.all(p.texting("write", "answer", conn), p.importing("lose_connection", conn))
	if b, err := io.ReadAll(client); string(b) != "answer" || err != nil {
		t.Errorf("the client got %q, %v", b, err)
	}
}

// tlsEcho is a server that answers with TLS, at once or after the line STARTTLS.
func tlsEcho(t testing.TB, certificate tls.Certificate, startTLS bool) string {
	t.Helper()
	preamble := ""
	if startTLS {
		preamble = "STARTTLS\n"
	}
	return echoOver(t, &tls.Config{Certificates: []tls.Certificate{certificate}}, preamble)
}

// tlsServer is an echo server that speaks TLS from the start.
func tlsServer(t testing.TB, cfg *tls.Config) string {
	t.Helper()
	return echoOver(t, cfg, "")
}

// echoOver echoes over TLS, which begins when as much as the preamble has come.
func echoOver(t testing.TB, cfg *tls.Config, preamble string) string {
	t.Helper()
	return testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
		io.ReadFull(c, make([]byte, len(preamble)))
		s := tls.Server(c, cfg)
		io.Copy(s, s)
		s.Close()
	})
}

func TestGuestsAsTLSClients(t *testing.T) {
	w := newWorld(t)
	certificate, roots := identity(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=tcp:loopback:*"), TLS: host.TLS{Roots: roots}})
	p.expect(abi.ConnectionMade)

	// From the start.
	conn := p.callText("connect", "tls"+endpointOf(tlsEcho(t, certificate, false))[3:])
	p.expect(abi.ConnectionMade)
	if e := p.expect(abi.HandshakeCompleted); int64(e.a) != conn {
		t.Errorf("%v", e)
	}
	p.callText("write", "hello", conn)
	if e := p.expect(abi.DataReceived); e.data != "hello" {
		t.Errorf("%v", e)
	}
	if got := p.info(conn, abi.InfoPeerCertificate); got != string(certificate.Certificate[0]) {
		t.Errorf("peer certificate of %d bytes", len(got))
	}
	p.call("lose_connection", conn)
	p.expect(abi.ConnectionLost)

	// In mid-stream, verifying the host that was dialled.
	conn = p.callText("connect", endpointOf(tlsEcho(t, certificate, true)))
	p.expect(abi.ConnectionMade)
	p.callText("write", "STARTTLS\n", conn)
	if code := p.callText("start_tls", "", conn); code != 0 {
		t.Fatalf("start_tls: %d", code)
	}
	p.expect(abi.HandshakeCompleted)
	p.callText("write", "hello", conn)
	if e := p.expect(abi.DataReceived); e.data != "hello" {
		t.Errorf("%v", e)
	}
	p.call("abort_connection", conn)
	p.expect(abi.ConnectionLost)

	// A certificate that nobody vouches for, or for somebody else.
	other, _ := identity(t)
	conn = p.callText("connect", "tls"+endpointOf(tlsEcho(t, other, false))[3:])
	if e := p.expect(abi.ConnectFailed); int64(e.a) != conn || e.b != 9 {
		t.Errorf("%v, want reason 9", e)
	}
	conn = p.callText("connect", endpointOf(tlsEcho(t, certificate, true)))
	p.expect(abi.ConnectionMade)
	p.all(p.texting("write", "STARTTLS\n", conn), p.texting("start_tls", "server_name=example.org", conn))
	if e := p.expect(abi.ConnectionLost); int64(e.a) != conn || e.b != 9 {
		t.Errorf("%v, want reason 9", e)
	}
}

func TestSplice(t *testing.T) {
	w := newWorld(t)
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	p, s, address := w.pull(host.ServiceConfig{Isolation: host.PerService, Grants: grants(t, "dial=tcp:loopback:*")})
	p.expect(abi.ConnectionMade)
	c := dial(t, address)
	a := int64(p.expect(abi.ConnectionMade).a)
	b := p.callText("connect", endpointOf(echo))
	p.expect(abi.ConnectionMade)
	got := p.all(p.importing("splice", a, a), p.importing("splice", a, 99), p.texting("write", "first", a), p.importing("splice", a, b),
		p.texting("write", "x", a), p.importing("splice", a, b), p.importing("pause_reading", b))
	if got[0] != int64(abi.Invalid) || got[1] != int64(abi.Handle) || got[3] != 0 || got[4] != int64(abi.Closed) ||
		got[5] != int64(abi.Closed) || got[6] != int64(abi.Closed) {
		t.Fatalf("splice: %d", got)
	}
	receive(t, c, "first")
	send(t, c, "through the host")
	receive(t, c, "through the host")
	if in := p.info(a, abi.InfoBytesIn); in != "16" {
		t.Errorf("bytes in %s", in)
	}
	c.Close()
	lost := map[int32]bool{p.expect(abi.ConnectionLost).a: true, p.expect(abi.ConnectionLost).a: true}
	if !lost[int32(a)] || !lost[int32(b)] {
		t.Errorf("lost %v, want %d and %d", lost, a, b)
	}
	p.call("pause_reading", a) // when this is answered the events are over
	if st := s.Stats(); st.BytesIn != 2*16 || st.BytesOut != 2*16+5 {
		t.Errorf("the bills say %d bytes in and %d out", st.BytesIn, st.BytesOut)
	}
}

// A guest that asks for ever new configurations does not make the host keep ever more of them.
func TestTLSConfigurationsAreLimited(t *testing.T) {
	w := newWorld(t)
	certificate, _ := identity(t)
	q, _, other := w.pull(host.ServiceConfig{Isolation: host.PerService,
		TLS: host.TLS{Identities: []host.Identity{{Name: "first", Certificate: certificate}}}})
	q.expect(abi.ConnectionMade)
	for n := range 70 {
		dial(t, other)
		conn := int64(q.expect(abi.ConnectionMade).a)
		want := abi.OK
		if n >= 64 {
			want = abi.Limit
		}
		if code := q.callText("start_tls", sprintf("alpn=p%d", n), conn); abi.Code(code) != want {
			t.Fatalf("configuration %d: %d, want %d", n, code, want)
		}
	}
	dial(t, other)
	if code := q.callText("start_tls", "alpn=p3", int64(q.expect(abi.ConnectionMade).a)); code != 0 {
		t.Errorf("a configuration that is known: %d", code)
	}
}
