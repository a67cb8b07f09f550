package reactor_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// tlsWorld is a running reactor with certificates.
type tlsWorld struct {
	*running
	ca     *testcert.CA
	server *tls.Config // for a.test and 127.0.0.1
	client *tls.Config // verifies a.test
}

// onTLSBackends runs a test on each of the platform's backends.
func onTLSBackends(t *testing.T, test func(t *testing.T, w *tlsWorld)) {
	onBackends(t, func(t *testing.T, backend string) { test(t, newTLSWorld(t, reactor.Config{Backend: backend})) })
}

func newTLSWorld(t *testing.T, cfg reactor.Config) *tlsWorld {
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"a.test", "127.0.0.1"}})
	w := &tlsWorld{
		ca:     ca,
		server: &tls.Config{Certificates: []tls.Certificate{leaf.TLS}},
		client: &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"},
	}
	cfg.Loops = 1
	cfg.Identities = map[string]*tls.Config{"": w.server, "client": {RootCAs: ca.Pool()}}
	w.running = start(t, cfg)
	return w
}

func (w *tlsWorld) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// on runs f on the loop and waits for it.
func (w *tlsWorld) on(f func(l *reactor.Loop)) {
	l := w.Loops()[0]
	w.onLoop(l, func() { f(l) })
}

// listen opens a TLS port, or a plain one if cfg is nil, and returns its address.
func (w *tlsWorld) listen(cfg *tls.Config, f protocol.Factory) protocol.Address {
	w.t.Helper()
	port, err := w.ListenEndpoint(serverEndpoint(cfg), f)
	w.check(err)
	return port.Host()
}

// connect dials an address from the loop.
func (w *tlsWorld) connect(a protocol.Address, cfg *tls.Config, f protocol.Factory) (c protocol.Connector) {
	w.t.Helper()
	var err error
	w.on(func(l *reactor.Loop) {
		c, err = l.ConnectEndpoint(clientEndpoint(a, cfg), f)
	})
	w.check(err)
	return c
}

// dialTLS connects with crypto/tls.
func (w *tlsWorld) dialTLS(a protocol.Address, cfg *tls.Config) *tls.Conn {
	w.t.Helper()
	conn := tls.Client(strictEOF{dial(w.t, a)}, cfg)
	w.check(conn.Handshake())
	return conn
}

// strictEOF tells the end of the TCP stream from close_notify, which crypto/tls does not.
type strictEOF struct{ net.Conn }

var errRawEOF = errors.New("end of the TCP stream")

func (c strictEOF) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF {
		err = errRawEOF
	}
	return n, err
}

// accept returns the first connection to a listener of package net, whose address it gives to dial.
func (w *tlsWorld) accept(dial func(a protocol.Address)) net.Conn {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	w.check(err)
	defer listener.Close()
	dial(addressOf(w.t, listener.Addr()))
	conn, err := listener.Accept()
	w.check(err)
	w.check(conn.SetDeadline(time.Now().Add(patience)))
	w.t.Cleanup(func() { conn.Close() })
	return strictEOF{conn}
}

// told is an event that a probe was told of.
type told struct {
	name string
	data []byte
	err  error
}

// probe is a protocol that reports every event, and does what the test wants in it.
type probe struct {
	protocol.Base
	events chan told
	made   func(p *probe)
	data   func(p *probe, data []byte) // instead of reporting it
	shaken func(p *probe)
}

func newProbe() *probe { return &probe{events: make(chan told, 10_000)} }

func (p *probe) BuildProtocol(protocol.Address) protocol.Protocol { return p }

func (p *probe) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	p.events <- told{name: "made"}
	if p.made != nil {
		p.made(p)
	}
}

func (p *probe) HandshakeCompleted() {
	p.events <- told{name: "shaken"}
	if p.shaken != nil {
		p.shaken(p)
	}
}

func (p *probe) DataReceived(data []byte) {
	if p.data != nil {
		p.data(p, data)
		return
	}
	p.events <- told{name: "data", data: bytes.Clone(data)}
}

func (p *probe) ConnectionLost(reason error) { p.events <- told{name: "lost", err: reason} }

// write writes from the loop. A lost connection is reported.
func (p *probe) write(text string) { _, _ = p.Transport.Write([]byte(text)) }

// conn is the probe's connection. It is used on the loop.
func (p *probe) conn() *reactor.Conn { return p.Transport.(*reactor.Conn) }

// halfProbe is a probe that wants half-closed connections to stay open.
type halfProbe struct{ *probe }

func (p halfProbe) BuildProtocol(protocol.Address) protocol.Protocol { return p }
func (p halfProbe) ReadConnectionLost()                              { p.events <- told{name: "read lost"} }
func (p halfProbe) WriteConnectionLost()                             { p.events <- told{name: "write lost"} }

// clientProbe is a probe that follows its connector.
type clientProbe struct{ *probe }

func (p clientProbe) StartedConnecting(protocol.Connector) { p.events <- told{name: "started"} }
func (p clientProbe) ClientConnectionFailed(_ protocol.Connector, reason error) {
	p.events <- told{name: "failed", err: reason}
}
func (p clientProbe) ClientConnectionLost(protocol.Connector, error) {
	p.events <- told{name: "client lost"}
}

// expect takes the next events, which must have these names, and returns the last one. Data may come in pieces: "data"
// stands for any number of them, and the event returned has all.
func (p *probe) expect(t *testing.T, names ...string) (last told) {
	t.Helper()
	for _, name := range names {
		last = wait(t, p.events, name)
		if last.name != name {
			t.Fatalf("event %q (%q, %v), want %q of %q", last.name, last.data, last.err, name, names)
		}
	}
	return last
}

// expectData takes data events until n bytes have come.
func (p *probe) expectData(t *testing.T, n int) []byte {
	t.Helper()
	var all []byte
	for len(all) < n {
		all = append(all, p.expect(t, "data").data...)
	}
	return all
}

// expectLost takes the event "lost" and compares its reason.
func (p *probe) expectLost(t *testing.T, want protocol.Reason) error {
	t.Helper()
	got := p.expect(t, "lost").err
	if protocol.ReasonOf(got) != want {
		t.Fatalf("lost with %v, want %v", got, want)
	}
	return got
}

func echoBack(p *probe, data []byte) { p.write(string(data)) }

// pattern is n bytes that do not repeat with the size of a record.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

func clientEndpoint(a protocol.Address, cfg *tls.Config) *endpoint.Client {
	to := a.(protocol.TCPAddress)
	return &endpoint.Client{Text: "test", Network: "tcp", Host: to.Addr().String(), Port: int(to.Port()), TLS: cfg}
}

func addressOf(t *testing.T, a net.Addr) protocol.Address {
	t.Helper()
	parsed, err := netip.ParseAddrPort(a.String())
	if err != nil {
		t.Fatal(err)
	}
	return protocol.TCPAddress{AddrPort: parsed}
}

func serverEndpoint(cfg *tls.Config) *endpoint.Server {
	return &endpoint.Server{Text: "test", Network: "tcp", Address: "127.0.0.1:0", TLS: cfg}
}
