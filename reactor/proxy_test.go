package reactor_test

import (
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

const proxied = "haproxy:" + localhost

// proxyHeaders are headers of each kind, from 1.2.3.4:5 to 6.7.8.9:10.
func proxyHeaders() map[string]string {
	h := policy.ProxyHeader{Version: 2, Source: tcpAddress("1.2.3.4:5"), Destination: tcpAddress("6.7.8.9:10")}
	return map[string]string{
		"v1": "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n",
		"v2": string(policy.AppendProxyHeader(nil, h)),
	}
}

func tcpAddress(s string) (a protocol.TCPAddress) {
	if err := a.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return a
}

// The protocol is built for the source that the header names, is told nothing of the header, and misses nothing of
// what follows it, in the same packet or later.
func TestProxyHeader(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		for name, header := range proxyHeaders() {
			for what, parts := range map[string][]string{
				"one packet":           {header + "hello, world"},
				"in the middle":        {header[:14], header[14:] + "hello", ", world"},
				"in two, then nothing": {header[:1], header[1:], "", "hello, world"},
			} {
				t.Run(name+", "+what, func(t *testing.T) {
					built := make(chan protocol.Address, 1)
					made := make(chan *reactor.Conn, 1)
					p, err := r.Listen(proxied, protocol.FactoryFunc(func(a protocol.Address) protocol.Protocol {
						built <- a
						return &proxiedEcho{made: made}
					}))
					if err != nil {
						t.Fatal(err)
					}
					c := dial(t, p.Host())
					for _, part := range parts {
						if _, err := io.WriteString(c, part); err != nil {
							t.Fatal(err)
						}
					}
					expect(t, c, "hello, world")
					conn := <-made
					peer, host := conn.Peer().String(), conn.Host().String()
					if a := <-built; a.String() != "1.2.3.4:5" || peer != "1.2.3.4:5" || host != "6.7.8.9:10" {
						t.Errorf("built for %v; peer %s, host %s", a, peer, host)
					}
					exchange(t, c, strings.Repeat("x", 100000), strings.Repeat("x", 100000))
					if err := c.(*net.TCPConn).CloseWrite(); err != nil {
						t.Fatal(err)
					}
					expectEnd(t, c)
				})
			}
		}
	})
}

// proxiedEcho is an echo with a receive buffer of its own.
type proxiedEcho struct {
	provider
	made chan *reactor.Conn
}

func (p *proxiedEcho) ConnectionMade(t protocol.Transport) {
	p.buf = make([]byte, 4096)
	p.provider.ConnectionMade(t)
	p.made <- t.(*reactor.Conn)
}

// A proxy that speaks for itself has the addresses of its connection.
func TestProxyHeaderLocal(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		made := make(chan *reactor.Conn, 1)
		addr := r.listen(proxied, func() protocol.Protocol { return &proxiedEcho{made: made} })
		for _, version := range []int{1, 2} {
			c := dial(t, addr)
			header := policy.AppendProxyHeader(nil, policy.ProxyHeader{Version: version})
			exchange(t, c, string(header)+"hello", "hello")
			if conn := <-made; conn.Peer().String() != c.LocalAddr().String() || conn.Host().String() != addr.String() {
				t.Errorf("version %d: peer %v, host %v", version, conn.Peer(), conn.Host())
			}
		}
	})
}

// The header comes in front of the TLS handshake, and leaves it every byte of it.
func TestProxyHeaderTLS(t *testing.T) {
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test"}})
	pem := testcert.WriteFile(t, t.TempDir(), "server.pem", leaf.CertPEM, leaf.KeyPEM)
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend})
		made := make(chan *reactor.Conn, 1)
		addr := r.listen("haproxy:ssl:0:interface=127.0.0.1:privateKey="+endpoint.Quote(pem), func() protocol.Protocol {
			return &proxiedEcho{made: made}
		})
		for name, header := range proxyHeaders() {
			// Header and ClientHello in one packet, and one after the other.
			for _, together := range []bool{true, false} {
				raw := dial(t, addr)
				conn := &prefixed{Conn: raw, prefix: header}
				if !together {
					if _, err := io.WriteString(raw, header); err != nil {
						t.Fatal(err)
					}
					conn.prefix = ""
				}
				c := tls.Client(conn, &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"})
				exchange(t, c, "hello", "hello")
				if conn := <-made; conn.Peer().String() != "1.2.3.4:5" {
					t.Errorf("%s, together %v: peer %v", name, together, conn.Peer())
				}
				c.Close()
			}
		}
	})
}

// prefixed sends prefix in front of its first write, and in one packet with it.
type prefixed struct {
	net.Conn
	prefix string
}

func (c *prefixed) Write(p []byte) (int, error) {
	prefix := c.prefix
	c.prefix = ""
	n, err := c.Conn.Write(append([]byte(prefix), p...))
	return max(0, n-len(prefix)), err
}

// What has no header, or is slow with it, gets no protocol and no byte.
func TestProxyHeaderMissing(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for name, test := range map[string]struct {
			send   string
			reason string
		}{
			"none":            {"GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", "a connection has no PROXY protocol header"},
			"wrong":           {"PROXY TCP4 1.2.3.4 6.7.8.9 5 65536\r\n", "a connection has no PROXY protocol header"},
			"nothing":         {"", ""},
			"half":            {"PROXY TCP4 1.2.3.4", ""},
			"half, binary":    {"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00", ""},
			"half and closed": {"PROXY TCP4 1.2.3.4", ""},
		} {
			t.Run(name, func(t *testing.T) {
				r := start(t, reactor.Config{Backend: backend, HandshakeTimeout: 50 * time.Millisecond})
				addr := r.listen(proxied, func() protocol.Protocol {
					t.Error("a protocol was built")
					return newEcho()
				})
				c := dial(t, addr)
				if _, err := io.WriteString(c, test.send); err != nil {
					t.Fatal(err)
				}
				if strings.HasSuffix(name, "closed") {
					if err := c.(*net.TCPConn).CloseWrite(); err != nil {
						t.Fatal(err)
					}
				}
				if n, err := c.Read(make([]byte, 1)); n > 0 || err == nil {
					t.Errorf("%d bytes, %v", n, err)
				}
				if test.reason != "" {
					r.logged(test.reason, c.LocalAddr().String())
				}
			})
		}
	})
}
