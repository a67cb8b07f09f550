package blocking

import (
	"net/netip"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A transport is one end of a connection in memory whose events come on a goroutine, and which any goroutine may use.
type transport struct {
	protocol.Transport // what the tests do not use
	conn               protocol.Protocol
	peer               *transport
	local              netip.AddrPort

	mu        *sync.Mutex // of both ends
	changed   *sync.Cond
	queue     []byte // on its way to this end
	ended     bool   // nothing more will be
	told      bool   // and the protocol knows
	lost      error
	held      bool
	producer  protocol.Producer
	streaming bool
	hungry    bool
	pauses    int // calls of PauseReading
}

// connect returns both ends, as accepted by l and as dialled.
func connect(t *testing.T, l *Listener) (accepted, dialled *Conn, a, b *transport) {
	t.Helper()
	var mu sync.Mutex
	changed := sync.NewCond(&mu)
	a = &transport{mu: &mu, changed: changed, local: netip.MustParseAddrPort("192.0.2.1:80")}
	b = &transport{mu: &mu, changed: changed, local: netip.MustParseAddrPort("192.0.2.2:4000"), peer: a}
	a.peer = b
	a.conn = l.BuildProtocol(b.Host())
	attempt := &attempt{done: make(chan struct{})}
	b.conn = attempt.BuildProtocol(a.Host())
	a.conn.ConnectionMade(a)
	b.conn.ConnectionMade(b)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(a.run)
	running.Go(b.run)
	t.Cleanup(func() {
		a.AbortConnection()
		b.AbortConnection()
		running.Wait()
	})
	return c.(*Conn), attempt.conn, a, b
}

// run delivers what happens, until the connection is lost.
func (t *transport) run() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		switch p := t.producer; {
		case t.lost != nil:
			reason := t.lost
			t.without(func() { t.conn.ConnectionLost(reason) })
			return
		case len(t.queue) > 0 && !t.held:
			data := t.queue[:min(len(t.queue), 64<<10)]
			t.queue = t.queue[len(data):]
			t.without(func() { t.conn.DataReceived(data) })
			t.changed.Broadcast()
		case p != nil && !t.streaming && t.hungry && len(t.peer.queue) == 0:
			t.hungry = false
			t.without(p.ResumeProducing)
		case t.ended && !t.told && len(t.queue) == 0:
			t.told = true
			t.without(t.conn.(protocol.HalfCloser).ReadConnectionLost)
		default:
			t.changed.Wait()
		}
	}
}

func (t *transport) without(f func()) {
	t.mu.Unlock()
	defer t.mu.Lock()
	f()
}

func (t *transport) do(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f()
	t.changed.Broadcast()
}

func (t *transport) Write(p []byte) (n int, err error) {
	t.do(func() {
		if t.lost != nil || t.peer.ended || t.peer.lost != nil {
			err = protocol.ErrClosed
			return
		}
		t.peer.queue = append(t.peer.queue, p...)
		n = len(p)
	})
	return n, err
}

func (t *transport) Buffered() (n int) {
	t.do(func() { n = len(t.peer.queue) })
	return n
}

func (t *transport) LoseWriteConnection() { t.do(func() { t.peer.ended = true }) }

// LoseConnection ends this end cleanly; the other one reads what is under way.
func (t *transport) LoseConnection() {
	t.do(func() {
		t.peer.ended = true
		if t.lost == nil {
			t.lost = protocol.ErrConnectionDone
		}
	})
}

func (t *transport) AbortConnection() {
	t.do(func() {
		for end, reason := range map[*transport]error{t: protocol.ErrConnectionAborted, t.peer: protocol.ErrConnectionLost} {
			if end.lost == nil {
				end.lost = reason
			}
		}
	})
}

func (t *transport) PauseReading()  { t.do(func() { t.held = true; t.pauses++ }) }
func (t *transport) ResumeReading() { t.do(func() { t.held = false }) }

func (t *transport) RegisterProducer(p protocol.Producer, streaming bool) error {
	t.do(func() { t.producer, t.streaming, t.hungry = p, streaming, true })
	return nil
}

func (t *transport) UnregisterProducer() { t.do(func() { t.producer = nil }) }

func (t *transport) Host() protocol.Address { return protocol.TCPAddress{AddrPort: t.local} }
func (t *transport) Peer() protocol.Address { return protocol.TCPAddress{AddrPort: t.peer.local} }
