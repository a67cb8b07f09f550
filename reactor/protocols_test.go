package reactor_test

import (
	"context"
	"io"
	"net/netip"
	"strconv"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// recorder is a protocol whose events can be waited for and replaced.
type recorder struct {
	made  chan *reactor.Conn
	data  chan string
	ended chan error // ReadConnectionLost is not told; see halfRecorder
	// Called in the event, if set.
	onMade func(*reactor.Conn)
	onData func(*reactor.Conn, []byte)
	onLost func(error)

	conn *reactor.Conn
}

func newRecorder() *recorder {
	return &recorder{
		made:  make(chan *reactor.Conn, 1),
		data:  make(chan string, 1024),
		ended: make(chan error, 2),
	}
}

func (p *recorder) ConnectionMade(t protocol.Transport) {
	p.conn = t.(*reactor.Conn)
	if p.onMade != nil {
		p.onMade(p.conn)
	}
	p.made <- p.conn
}

func (p *recorder) DataReceived(data []byte) {
	if p.onData != nil {
		p.onData(p.conn, data)
		return
	}
	p.data <- string(data)
}

func (p *recorder) ConnectionLost(reason error) {
	if p.onLost != nil {
		p.onLost(reason)
	}
	p.ended <- reason
}

// echo sends back what it receives.
type echo struct{ protocol.Base }

func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }

func newEcho() protocol.Protocol { return &echo{} }

// provider is an echo with a receive buffer of its own.
type provider struct {
	echo
	buf    []byte // nil: not now
	before func() // called in ReadBuffer, if set
}

func (p *provider) ReadBuffer() []byte {
	if p.before != nil {
		p.before()
	}
	return p.buf
}

// producer counts what it is told.
type producer struct {
	onPause, onResume, onStop func()
}

func (p *producer) PauseProducing()  { call(p.onPause) }
func (p *producer) ResumeProducing() { call(p.onResume) }
func (p *producer) StopProducing()   { call(p.onStop) }

func call(f func()) {
	if f != nil {
		f()
	}
}

// overflow writes until more is queued than the high-water mark.
func overflow(c *reactor.Conn) {
	chunk := make([]byte, 32<<10)
	for c.Buffered() <= 64<<10 {
		c.Write(chunk)
	}
}

// swallow receives at least n bytes.
func swallow(t *testing.T, c io.Reader, n int) {
	t.Helper()
	if _, err := io.ReadAtLeast(c, make([]byte, 1<<16), n); err != nil {
		t.Fatal(err)
	}
}

// halfRecorder is a recorder that knows half-closed connections.
type halfRecorder struct {
	*recorder
	onReadLost, onWriteLost func()
}

func (p *halfRecorder) ReadConnectionLost()  { call(p.onReadLost) }
func (p *halfRecorder) WriteConnectionLost() { call(p.onWriteLost) }

// instantResolver knows every name, as 127.0.0.1.
type instantResolver struct{}

func (instantResolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
}

// clientFactory is a ClientFactory of one protocol, whose events can be waited for.
type clientFactory struct {
	p         *recorder
	build     func() protocol.Protocol // instead of p, if set
	onStarted func()
	onFailed  func(c protocol.Connector) // before failed is told
	onLost    func(c protocol.Connector)
	check     func(netip.AddrPort) error
	failed    chan error
	lost      chan error
}

func newClientFactory(p *recorder) *clientFactory {
	return &clientFactory{p: p, failed: make(chan error, 4), lost: make(chan error, 4)}
}

func (f *clientFactory) BuildProtocol(protocol.Address) protocol.Protocol {
	if f.build != nil {
		return f.build()
	}
	return f.p
}

func (f *clientFactory) StartedConnecting(protocol.Connector) { call(f.onStarted) }

func (f *clientFactory) ClientConnectionFailed(c protocol.Connector, reason error) {
	if f.onFailed != nil {
		f.onFailed(c)
	}
	f.failed <- reason
}

func (f *clientFactory) ClientConnectionLost(c protocol.Connector, reason error) {
	if f.onLost != nil {
		f.onLost(c)
	}
	f.lost <- reason
}

func (f *clientFactory) CheckAddress(a netip.AddrPort) error {
	if f.check != nil {
		return f.check(a)
	}
	return nil
}

// connect dials at on loop 0.
func (r *running) connect(f protocol.Factory, at protocol.Address) protocol.Connector {
	r.t.Helper()
	return r.connectText(f, at.Network()+":"+colons(at))
}

func (r *running) connectText(f protocol.Factory, text string) (c protocol.Connector) {
	r.t.Helper()
	r.onLoop(r.Loops()[0], func() {
		var err error
		if c, err = r.Loops()[0].Connect(text, f); err != nil {
			r.t.Error(err)
		}
	})
	return c
}

// colons is an address as arguments of an endpoint string.
func colons(a protocol.Address) string {
	if a, ok := a.(protocol.TCPAddress); ok {
		return endpoint.Quote(a.Addr().String()) + ":" + strconv.Itoa(int(a.Port()))
	}
	return endpoint.Quote(a.String())
}
