package reactortest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// tlsProbe is a probe that listens for the handshake.
type tlsProbe struct{ probe }

func (p *tlsProbe) HandshakeCompleted() {
	info, ok := p.TLS()
	p.hear("handshake %v %s", ok, info.ALPN)
}

func tlsPair(t *testing.T) (client, server *tlsProbe, p *reactortest.Pair) {
	t.Helper()
	client, server = &tlsProbe{}, &tlsProbe{}
	p = reactortest.NewPair(client, server)
	client.check(t, "made")
	server.check(t, "made")
	return client, server, p
}

func TestStartTLS(t *testing.T) {
	client, server, p := tlsPair(t)
	if _, ok := client.TLS(); ok {
		t.Error("TLS before StartTLS")
	}
	server.data = func([]byte) {
		server.Write([]byte("go ahead"))
		if err := server.StartTLS(protocol.TLSOptions{Server: true, ALPN: []string{"b", "a"}}); err != nil {
			t.Error(err)
		}
		server.Write([]byte("secret"))
	}
	client.data = func(data []byte) {
		if string(data) == "go ahead" {
			client.StartTLS(protocol.TLSOptions{ServerName: "example.com", ALPN: []string{"a", "b"}})
		}
	}
	client.Write([]byte("STARTTLS"))
	p.Settle()
	client.check(t, "go ahead", "handshake true b", "secret")
	server.check(t, "STARTTLS", "handshake true b")
	if info, ok := server.TLS(); !ok || info.ServerName != "example.com" || info.Version != "TLS 1.3" {
		t.Errorf("server: %+v, %v", info, ok)
	}
	if err := client.StartTLS(protocol.TLSOptions{}); !errors.Is(err, protocol.ErrTLSActive) {
		t.Errorf("a second StartTLS: %v", err)
	}
}

func TestStartTLSWaitsForTheOtherEnd(t *testing.T) {
	client, server, p := tlsPair(t)
	client.StartTLS(protocol.TLSOptions{})
	client.Write([]byte("secret"))
	p.Settle()
	client.check(t)
	server.check(t)
	server.StartTLS(protocol.TLSOptions{Server: true})
	p.Settle()
	client.check(t, "handshake true ")
	server.check(t, "handshake true ", "secret")
}

// TestClientCertificates has a server ask, and clients with an identity and without.
func TestClientCertificates(t *testing.T) {
	for _, c := range []struct {
		asked    protocol.ClientCertificate
		identity string
		verified bool
	}{
		{protocol.ClientCertificateConfigured, "me", false},
		{protocol.ClientCertificateRequested, "", false},
		{protocol.ClientCertificateRequested, "me", true},
		{protocol.ClientCertificateRequired, "me", true},
	} {
		_, _, p := tlsPair(t)
		p.Server.StartTLS(protocol.TLSOptions{Server: true, ClientCertificate: c.asked})
		p.Client.StartTLS(protocol.TLSOptions{Identity: c.identity})
		p.Settle()
		if info, ok := p.Server.TLS(); !ok || info.PeerVerified != c.verified {
			t.Errorf("%+v: %+v, %v", c, info, ok)
		}
		if info, ok := p.Client.TLS(); !ok || info.PeerVerified {
			t.Errorf("%+v, as the client sees it: %+v, %v", c, info, ok)
		}
	}
}

func TestStartTLSFails(t *testing.T) {
	cases := []struct {
		name string
		do   func(client, server *tlsProbe)
		want string
	}{
		{"text in the handshake", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{Server: true})
			client.Write([]byte("injected"))
		}, "something else than a handshake"},
		{"nothing in common", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{Server: true, ALPN: []string{"a"}})
			client.StartTLS(protocol.TLSOptions{ALPN: []string{"b"}})
		}, "no application protocol in common"},
		{"no certificate of the client's", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{Server: true, ClientCertificate: protocol.ClientCertificateRequired})
			client.StartTLS(protocol.TLSOptions{})
		}, "the client has no certificate"},
		{"two clients", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{})
			client.StartTLS(protocol.TLSOptions{})
		}, "the same part"},
		{"two servers", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{Server: true})
			client.StartTLS(protocol.TLSOptions{Server: true})
		}, "the same part"},
		{"the peer leaves", func(client, server *tlsProbe) {
			server.StartTLS(protocol.TLSOptions{Server: true})
			client.LoseConnection()
		}, "closed the connection during the handshake"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			client, server, p := tlsPair(t)
			c.do(client, server)
			p.Settle()
			if err := p.Server.Lost(); !errors.Is(err, protocol.ErrTLS) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the server lost it by %v", err)
			}
			if p.Client.Lost() == nil {
				t.Error("the client did not lose it")
			}
		})
	}
	client, _, p := tlsPair(t)
	client.LoseConnection()
	if err := client.StartTLS(protocol.TLSOptions{}); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("StartTLS on a closed connection: %v", err)
	}
	p.Settle()
}
