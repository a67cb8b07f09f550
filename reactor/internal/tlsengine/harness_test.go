package tlsengine

import (
	"crypto/tls"
	"net/netip"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer owns a session the way a connection of the reactor does.
type peer struct {
	session  *Session
	out      []byte // ciphertext for the other side
	woken    chan struct{}
	received []byte // plaintext
	err      error  // how the session ended
	readSize int
}

func newPeer() *peer { return &peer{woken: make(chan struct{}, 1), readSize: 4096} }

func (p *peer) Ciphertext(b []byte)    { p.out = append(p.out, b...) }
func (p *peer) Host() protocol.Address { return protocol.PipeAddress{Name: "host"} }
func (p *peer) Peer() protocol.Address {
	return protocol.TCPAddress{AddrPort: netip.MustParseAddrPort("192.0.2.1:1")}
}

func (p *peer) Wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// step is what a connection does when it is woken.
func (p *peer) step() {
	done, err := p.session.Step()
	if err != nil {
		p.end(err)
	}
	if done {
		p.read()
	}
}

func (p *peer) end(err error) {
	if p.err == nil {
		p.err = err
	}
	p.session.Abandon()
}

// read is what a connection does after Feed.
func (p *peer) read() {
	buffer := make([]byte, p.readSize)
	for p.err == nil {
		n, err := p.session.Read(buffer)
		p.received = append(p.received, buffer[:n]...)
		if err != nil {
			p.err = err
		}
		if n == 0 {
			return
		}
	}
}

// feed hands over as much of b as there is room for, and returns the rest.
func (p *peer) feed(b []byte) []byte {
	n := copy(p.session.Space(), b)
	if n > 0 {
		p.session.Feed(n)
		p.read()
	}
	return b[n:]
}

// link carries ciphertext between two peers in chunks.
type link struct {
	client, server *peer
	chunk          int
}

// carry moves what is there, until no side has anything for the other.
func (l link) carry() (moved bool) {
	one := func(from, to *peer) {
		for len(from.out) > 0 && to.err == nil {
			n := min(l.chunk, len(from.out))
			if rest := to.feed(from.out[:n:n]); len(rest) == n {
				return // no room: to has to be woken first
			} else {
				n -= len(rest)
			}
			from.out = from.out[n:]
			moved = true
		}
		if to.err != nil {
			from.out = nil
		}
	}
	one(l.client, l.server)
	one(l.server, l.client)
	return moved
}

// until runs both sides until done says so.
func (l link) until(done func() bool) {
	for !done() {
		if l.carry() {
			continue
		}
		select {
		case <-l.client.woken:
			l.client.step()
		case <-l.server.woken:
			l.server.step()
		}
	}
}

func (l link) established() bool {
	return l.client.session.Established() && l.server.session.Established()
}

func (l link) failed() bool { return l.client.err != nil && l.server.err != nil }

// world is what the sessions of one test share.
type world struct {
	ca      *testcert.CA
	running sync.WaitGroup // goroutines of pools
	pool    *Pool
	buffers Buffers
	server  *tls.Config
	client  *tls.Config
}

func newWorld(tb testing.TB) *world {
	ca := testcert.NewCA(tb)
	w := &world{
		ca:     ca,
		server: &tls.Config{Certificates: []tls.Certificate{ca.Issue(tb, testcert.Template{Names: []string{"a.test"}}).TLS}},
		client: &tls.Config{RootCAs: ca.Pool(), ServerName: "a.test"},
	}
	w.pool = NewPool(4, w.running.Go)
	tb.Cleanup(w.running.Wait)
	return w
}

func (w *world) newServer(tb testing.TB) *peer {
	cfg, err := ServerConfig(w.server)
	if err != nil {
		tb.Fatal(err)
	}
	p := newPeer()
	p.session = NewServer(cfg, w.pool, &w.buffers, p)
	tb.Cleanup(p.session.Abandon)
	return p
}

func (w *world) newClient(tb testing.TB) *peer {
	cfg, err := ClientConfig(w.client, "")
	if err != nil {
		tb.Fatal(err)
	}
	p := newPeer()
	p.session = NewClient(cfg, w.pool, &w.buffers, p)
	tb.Cleanup(p.session.Abandon)
	return p
}

func (w *world) link(tb testing.TB, chunk int) link {
	return link{client: w.newClient(tb), server: w.newServer(tb), chunk: chunk}
}
