package reactor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/internal/tlsengine"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// port is a listening socket. One loop accepts for all, and hands each connection to the loop that has the fewest: a
// kernel that spreads them (SO_REUSEPORT) does so by a hash that knows nothing of load, strands those that wait on a
// loop that is busy, resets them when that socket is closed, and is to be had on few systems and for TCP only.
type port struct {
	loop   *Loop // accepts
	spread bool  // over all loops; otherwise all connections stay on loop
	build  protocol.Factory
	tls    *tls.Config // nil: none
	proxy  bool        // each connection begins with a PROXY protocol header
	text   string
	once   bool          // there is one connection, and the port closes with it
	done   chan struct{} // closed with the port

	// mu guards the acceptor against being closed by another goroutine.
	mu       sync.Mutex
	acceptor acceptor
	closed   bool

	// Of the loop: the pause after a failure to accept, how many connections it accepts in a turn, and how many turns in a
	// row had as many.
	pause time.Duration
	burst int
	full  int
}

var (
	_ protocol.Port = (*port)(nil)
	_ handler       = (*port)(nil)
	_ origin        = (*port)(nil)
)

const (
	// maxAccepts is how many connections a port accepts in one turn at most. It begins with one, and doubles the number
	// when burstTurns turns had as many: to be told that nobody waits is dear, because the kernel makes a socket before it
	// looks.
	maxAccepts = 64
	burstTurns = 4
	// firstPause doubles up to longestPause while accepting keeps failing.
	firstPause   = 10 * time.Millisecond
	longestPause = time.Second
)

// streamNetworks are those that connections are accepted on.
var streamNetworks = []string{"tcp", "tcp6", "unix", "fd", "stdio"}

// listen opens e. Any goroutine may call it.
func (r *Reactor) listen(l *Loop, spread bool, e *endpoint.Server, f protocol.Factory) (protocol.Port, error) {
	text := e.Text
	if text == "" {
		text = e.Network + ":" + e.Address
	}
	fail := func(err error) (protocol.Port, error) {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", text, err))
	}
	switch {
	case f == nil:
		return fail(errors.New("the factory is nil"))
	case !e.Stream():
		return fail(errors.New("it is not a stream endpoint; use ListenUDP"))
	case !slices.Contains(streamNetworks, e.Network):
		return fail(fmt.Errorf("network %q: %w (%s are offered)", e.Network, protocol.ErrUnsupported,
			strings.Join(streamNetworks, ", ")))
	}
	cfg := e.TLS
	if cfg != nil {
		var err error
		if cfg, err = tlsengine.ServerConfig(cfg); err != nil {
			return fail(err)
		}
	}
	e.OnReload(func(err error) {
		if err != nil {
			r.log.Error("changed certificates cannot be used; the old ones are kept", "endpoint", e.Text, "error", err)
		} else {
			r.log.Info("certificates were read again", "endpoint", e.Text)
		}
	})
	if err := r.factories.start(f); err != nil {
		return fail(fmt.Errorf("the factory does not start: %w", err))
	}
	a, err := r.accept(e)
	if err != nil {
		r.factories.stop(f)
		return fail(err)
	}
	p := &port{loop: l, spread: spread, build: f, tls: cfg, proxy: e.Proxy, text: text, acceptor: a, burst: 1,
		once: e.Network == "stdio", done: make(chan struct{})}
	r.mu.Lock()
	refused := r.state >= stateDraining
	if !refused {
		r.ports[p] = struct{}{}
	}
	r.mu.Unlock()
	if refused {
		a.close()
		r.factories.stop(f)
		return fail(protocol.ErrShutdown)
	}
	l.CallFromThread(p.start)
	return p, nil
}

// accept opens what connections come from.
func (r *Reactor) accept(e *endpoint.Server) (acceptor, error) {
	if e.Network == "stdio" {
		return listenStdio()
	}
	return r.backend.listen(e)
}

// start begins to accept.
func (p *port) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	err := p.acceptor.attach(p.loop, p)
	if err == nil {
		err = p.acceptor.want(true)
	}
	if err != nil {
		p.loop.reactor.log.Error("a port cannot be watched and is retried", "endpoint", p.text, "error", err)
		p.rest(p.start)
	}
}

func (p *port) factory() protocol.Factory { return p.build }

func (p *port) proxied() bool { return p.proxy }

func (p *port) security() (cfg *tls.Config, server bool) { return p.tls, true }

// Host implements [protocol.Port].
func (p *port) Host() protocol.Address { return p.acceptor.addr() }

// StopListening implements [protocol.Port]. Any goroutine may call it.
func (p *port) StopListening() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
}

// Done returns a channel that is closed when the port is: by StopListening, by the end of the reactor, or, on the
// endpoint stdio, when its connection is over.
func (p *port) Done() <-chan struct{} { return p.done }

func (p *port) stop() {
	if p.closed {
		return
	}
	p.closed = true
	p.acceptor.close()
	close(p.done)
	r := p.loop.reactor
	r.mu.Lock()
	delete(r.ports, p)
	r.mu.Unlock()
	p.loop.callBeforeEnd(func() {
		p.acceptor.forget()
		r.factories.stop(p.build)
	})
}

// drain accepts what waits and stops: connections that the kernel has completed already are not turned away.
func (p *port) drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for !p.closed {
		sock, peer, err := p.acceptor.accept()
		if err != nil {
			break
		}
		p.admit(sock, peer, false)
	}
	p.stop()
}

// readable implements [handler].
func (p *port) readable(*runner) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := range p.burst {
		if p.closed {
			return
		}
		sock, peer, err := p.acceptor.accept()
		switch {
		case err == nil:
			p.pause = 0
			p.admit(sock, peer, true)
		case err == errAgain:
			p.burst, p.full = max(n, 1), 0
			return
		case errors.Is(err, errShort):
			p.starve(err)
			return
		default:
			p.loop.reactor.log.Debug("a connection was lost before it was accepted", "endpoint", p.text, "error", err)
		}
	}
	if p.full++; p.full == burstTurns {
		p.burst, p.full = min(2*p.burst, maxAccepts), 0
	}
}

// writable implements [handler].
func (p *port) writable(*runner) {}

// starve deals with a shortage. Whoever waits is turned away with the descriptor in reserve, rather than left to wait
// for a server that cannot serve; then the port rests, so that a shortage that lasts costs no processor time.
func (p *port) starve(cause error) {
	r := p.loop.reactor
	shed := p.acceptor.shed(r.reserve)
	if p.pause == 0 {
		r.log.Error("cannot accept connections", "endpoint", p.text, "turned away", shed, "error", cause)
	}
	if err := p.acceptor.want(false); err != nil {
		r.log.Error("cannot pause a port", "endpoint", p.text, "error", err)
	}
	p.rest(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.closed {
			return
		}
		if err := p.acceptor.want(true); err != nil {
			p.starve(err)
		}
	})
}

// rest calls f after a pause that doubles each time, until a connection is accepted.
func (p *port) rest(f func()) {
	p.pause = min(max(2*p.pause, firstPause), longestPause)
	p.loop.CallLater(p.pause, f)
}

// admit gives an accepted connection to a loop. here says that the caller runs on the port's own.
func (p *port) admit(sock socket, peer protocol.Address, here bool) {
	l := p.loop
	if p.spread {
		l = l.reactor.leastLoaded(l)
	}
	c := newConn(l, sock, peer, p)
	if host, ok := p.acceptor.addr().(protocol.TCPAddress); ok && host.Addr().IsUnspecified() {
		c.host = nil // depends on where the client came in, and is asked for when it is needed
	} else {
		c.host = p.acceptor.addr()
	}
	if here && l == p.loop {
		l.fresh.add(c)
	} else if !l.hand(c) {
		sock.close(true)
		l.load.Add(-1)
	}
}

// leastLoaded returns the loop with the fewest connections; between equals, own or the first.
func (r *Reactor) leastLoaded(own *Loop) *Loop {
	best, least := own, own.load.Load()
	for _, l := range r.loops {
		if n := l.load.Load(); n < least {
			best, least = l, n
		}
	}
	return best
}

func (p *port) opened(*Conn) {}

// ended implements [origin]. There is no other connection where that of standard input and output was.
func (p *port) ended(*Conn) {
	if p.once {
		p.StopListening()
	}
}
