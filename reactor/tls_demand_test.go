package reactor_test

import (
	"crypto/tls"
	"io"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestStartTLSClientCertificates has a server demand a certificate of clients, and resume the sessions of the same demand:
// the configuration that is made for it is made once.
func TestStartTLSClientCertificates(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		w.server.ClientCAs = w.ca.Pool()
		mine := w.ca.Issue(t, testcert.Template{Names: []string{"client.test"}})
		client := w.client.Clone()
		client.Certificates, client.ClientSessionCache = []tls.Certificate{mine.TLS}, tls.NewLRUClientSessionCache(1)
		for _, c := range []struct {
			demand            protocol.ClientCertificate
			client            *tls.Config
			refused, verified bool
			resumed           bool
		}{
			{protocol.ClientCertificateRequired, client, false, true, false},
			{protocol.ClientCertificateRequired, client, false, true, true},
			{protocol.ClientCertificateRequired, w.client, true, false, false},
			{protocol.ClientCertificateRequested, w.client, false, false, false},
			{protocol.ClientCertificateConfigured, client, false, false, false},
		} {
			server := newProbe()
			server.made = func(p *probe) {
				o := protocol.TLSOptions{Server: true, ALPN: []string{"up"}, ClientCertificate: c.demand}
				if err := p.Transport.StartTLS(o); err != nil {
					t.Error(err)
				}
			}
			infos := make(chan protocol.TLSInfo, 1)
			server.shaken = func(p *probe) {
				info, _ := p.Transport.TLS()
				infos <- info
				p.write("in")
			}
			secure := tls.Client(dial(t, w.listen(nil, server)), c.client)
			_, err := io.ReadFull(secure, make([]byte, 2))
			server.expect(t, "made")
			if c.refused {
				if err == nil {
					t.Errorf("%+v: not refused", c)
				}
				server.expectLost(t, protocol.ErrTLS)
				continue
			}
			server.expect(t, "shaken")
			info := wait(t, infos, "the session's description")
			if err != nil || info.PeerVerified != c.verified || (info.PeerCertificate != nil) != c.verified ||
				secure.ConnectionState().DidResume != c.resumed {
				t.Errorf("%+v: %v, %+v, resumed %v", c, err, info, secure.ConnectionState().DidResume)
			}
			w.check(secure.Close())
			server.expectLost(t, protocol.ErrConnectionDone)
		}
	})
}

// TestStartTLSDemandsThatFail: without roots for clients nobody could be told from anybody.
func TestStartTLSDemandsThatFail(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		server.made = func(p *probe) {
			for text, o := range map[string]protocol.TLSOptions{
				"no ClientCAs":      {Server: true, ClientCertificate: protocol.ClientCertificateRequired},
				"a server's option": {ServerName: "x", ClientCertificate: protocol.ClientCertificateRequested},
				"no value 3":        {Server: true, ClientCertificate: 3},
			} {
				if err := p.Transport.StartTLS(o); err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%s: %v", text, err)
				}
			}
			p.Transport.LoseConnection()
		}
		dial(t, w.listen(nil, server))
		server.expect(t, "made")
		server.expectLost(t, protocol.ErrConnectionDone)
	})
}
