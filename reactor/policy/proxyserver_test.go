package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const proxyLine = "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n"

// The protocol sees the same whatever the chunks, and answers from the first byte on.
func TestProxyChunks(t *testing.T) {
	v2 := string(AppendProxyHeader(nil, ProxyHeader{2, tcp("[::1]:1"), tcp("[::2]:2")}))
	for _, input := range []string{
		proxyLine + "hello", v2 + "hello", "PROXY UNKNOWN\r\n", "PROXY TCP9 1 2 3 4\r\nhello", "hello", v2[:20] + "\xff\xff",
	} {
		reactortest.CheckChunks(t, []byte(input), func() (protocol.Protocol, func() string) {
			inner := &greeter{}
			f := protocol.FactoryFunc(func(addr protocol.Address) protocol.Protocol {
				inner.addr = addr
				return inner
			})
			return NewProxyFactory(f, 0).BuildProtocol(tcp("9.9.9.9:9")), func() string {
				return fmt.Sprintf("%v %s", inner.addr, inner.Received)
			}
		})
	}
}

// greeter writes who it is connected to.
type greeter struct {
	reactortest.Recorder
	addr protocol.Address
}

func (g *greeter) ConnectionMade(t protocol.Transport) {
	g.Recorder.ConnectionMade(t)
	fmt.Fprintf(t, "hello %v at %v\n", t.Peer(), t.Host())
}

func TestProxyRefused(t *testing.T) {
	client := &reactortest.Recorder{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(nil), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine+"hello")
	pair.Settle()
	if protocol.ReasonOf(client.Reason) != protocol.ErrConnectionDone || client.Received != nil {
		t.Errorf("client lost by %v, received %q", client.Reason, client.Received)
	}
}

func TestProxyTimeout(t *testing.T) {
	for _, sent := range []string{"", proxyLine[:20]} {
		client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
		pair := reactortest.NewPair(client, NewProxyFactory(always(inner), time.Second).BuildProtocol(nil))
		fmt.Fprint(client.Transport, sent)
		pair.Advance(999 * time.Millisecond)
		if client.Reason != nil {
			t.Fatalf("lost too early: %v", client.Reason)
		}
		pair.Advance(time.Millisecond)
		if client.Reason == nil || inner.Transport != nil {
			t.Errorf("after %q: client lost by %v, protocol has %v", sent, client.Reason, inner.Transport)
		}
	}
	// With the header the time is over.
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine)
	pair.Pump(DefaultProxyTimeout-1, 1, time.Hour)
	if client.Reason != nil || inner.Transport == nil {
		t.Errorf("client lost by %v", client.Reason)
	}
}

// A proxy that goes away in the middle of its header leaves nothing behind.
func TestProxyEndsEarly(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine[:9])
	client.Transport.LoseWriteConnection()
	pair.Settle()
	if client.Reason == nil || inner.Transport != nil || pair.Pending() != 0 {
		t.Errorf("client lost by %v, %d timers are left", client.Reason, pair.Pending())
	}
}

// buffered is a protocol with a receive buffer of its own, which it has not always got.
type buffered struct {
	reactortest.Recorder
	buf   []byte
	asked int
	bad   error
}

func (b *buffered) ReadBuffer() []byte {
	b.asked++
	return b.buf
}

func (b *buffered) DataReceived(data []byte) {
	if len(b.buf) == 0 || len(data) > len(b.buf) || &data[0] != &b.buf[0] {
		b.bad = errors.New("data is not in the buffer")
	}
	b.Recorder.DataReceived(data)
}

func TestProxyBufferProvider(t *testing.T) {
	for _, chunks := range []reactortest.Chunks{nil, reactortest.Sizes(1), reactortest.Sizes(40)} {
		client, inner := &reactortest.Recorder{}, &buffered{buf: make([]byte, 4)}
		pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
		pair.Server.Chunks = chunks
		fmt.Fprint(client.Transport, proxyLine+"first,")
		pair.Settle()
		fmt.Fprint(client.Transport, "second,")
		pair.Settle()
		inner.buf = nil
		fmt.Fprint(client.Transport, "third,")
		pair.Settle()
		asked := inner.asked
		fmt.Fprint(client.Transport, "fourth")
		pair.Settle()
		if got := string(inner.Received); got != "first,second," || inner.asked != asked {
			t.Errorf("received %q, asked %d times after saying no", got, inner.asked-asked)
		}
		inner.buf = make([]byte, 5)
		inner.Transport.ResumeReading()
		if got := string(inner.Received); got != "first,second," {
			t.Errorf("ResumeReading delivered before it returned: %q", got)
		}
		pair.Settle()
		if got := string(inner.Received); got != "first,second,third,fourth" || inner.bad != nil {
			t.Errorf("received %q, %v", got, inner.bad)
		}
	}
}

// A protocol that pauses in ConnectionMade gets nothing, neither what came with the header nor what comes later.
func TestProxyPause(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &pauser{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine+"a")
	pair.Settle()
	fmt.Fprint(client.Transport, "b")
	pair.Settle()
	if inner.Received != nil {
		t.Errorf("received %q", inner.Received)
	}
	inner.Transport.ResumeReading()
	pair.Settle()
	if got := inner.Take(); got != "ab" {
		t.Errorf("received %q", got)
	}
}

// pauser pauses at once.
type pauser struct{ reactortest.Recorder }

func (p *pauser) ConnectionMade(t protocol.Transport) {
	p.Recorder.ConnectionMade(t)
	t.PauseReading()
}

// A protocol that closes in ConnectionMade gets nothing more.
func TestProxyLose(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &loser{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine+"a")
	pair.Settle()
	if inner.Received != nil || inner.Reason == nil || client.Take() != "bye" {
		t.Errorf("received %q, lost by %v", inner.Received, inner.Reason)
	}
}

type loser struct{ reactortest.Recorder }

func (p *loser) ConnectionMade(t protocol.Transport) {
	p.Recorder.ConnectionMade(t)
	fmt.Fprint(t, "bye")
	t.LoseConnection()
}

// halfCloserProtocol knows of half-closed connections.
type halfCloserProtocol struct {
	reactortest.Recorder
	events []string
}

func (p *halfCloserProtocol) ReadConnectionLost()  { p.events = append(p.events, "read") }
func (p *halfCloserProtocol) WriteConnectionLost() { p.events = append(p.events, "write") }
func (p *halfCloserProtocol) HandshakeCompleted()  { p.events = append(p.events, "handshake") }

func TestProxyHalfClose(t *testing.T) {
	client, inner := &halfCloserProtocol{}, &halfCloserProtocol{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine+"a")
	client.Transport.LoseWriteConnection()
	pair.Settle()
	if fmt.Sprint(inner.events) != "[read]" || inner.Reason != nil || inner.Take() != "a" {
		t.Fatalf("events %v, lost by %v", inner.events, inner.Reason)
	}
	fmt.Fprint(inner.Transport, "b")
	inner.Transport.LoseWriteConnection()
	pair.Settle()
	if client.Take() != "b" || protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone {
		t.Errorf("client has %q, lost by %v", client.Received, inner.Reason)
	}
}

// Without HalfCloser the connection is done when the peer closes its side; what was written goes out, and a producer is
// stopped.
func TestProxyHalfCloseUnknown(t *testing.T) {
	client, inner := &halfCloserProtocol{}, &reactortest.Recorder{}
	pair := reactortest.NewPair(client, NewProxyFactory(always(inner), 0).BuildProtocol(nil))
	fmt.Fprint(client.Transport, proxyLine)
	pair.Settle()
	producer := &producer{}
	if err := inner.Transport.RegisterProducer(producer, true); err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(inner.Transport, "answer")
	client.Transport.LoseWriteConnection()
	pair.Settle()
	if protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone || producer.String() != "stop" ||
		client.Take() != "answer" {
		t.Errorf("lost by %v, producer %v, client has %q", inner.Reason, producer, client.Received)
	}
}

// producer notes what it is told.
type producer struct {
	calls []string
	piece func() // what a pull producer does
}

func (p *producer) PauseProducing() { p.calls = append(p.calls, "pause") }
func (p *producer) ResumeProducing() {
	p.calls = append(p.calls, "resume")
	if p.piece != nil {
		p.piece()
	}
}
func (p *producer) StopProducing() { p.calls = append(p.calls, "stop") }

// String is what it was told since the last time.
func (p *producer) String() string {
	s := strings.Join(p.calls, " ")
	p.calls = nil
	return s
}

// A handshake that is complete before the header is told of after ConnectionMade, and before data.
func TestProxyHandshake(t *testing.T) {
	tr, inner := reactortest.NewStringTransport(), &halfCloserProtocol{}
	p := NewProxyFactory(always(inner), 0).build()
	p.ConnectionMade(tr)
	p.HandshakeCompleted()
	p.DataReceived([]byte(proxyLine + "a"))
	if inner.Transport == nil || inner.events != nil {
		t.Errorf("events %v", inner.events)
	}
	tr.Clock.Advance(0)
	if fmt.Sprint(inner.events) != "[handshake]" || inner.Received != nil {
		t.Errorf("events %v, received %q", inner.events, inner.Received)
	}
	tr.Clock.Advance(0)
	if string(inner.Received) != "a" || tr.ReadingPaused() {
		t.Errorf("received %q, paused %v", inner.Received, tr.ReadingPaused())
	}
	p.HandshakeCompleted()
	if len(inner.events) != 2 {
		t.Errorf("events %v", inner.events)
	}
}

func TestProxyClient(t *testing.T) {
	for _, version := range []int{1, 2} {
		client, server := &greeter{}, &greeter{}
		f := NewProxyClientFactory(always(client), ProxyHeader{version, tcp("1.2.3.4:5"), tcp("6.7.8.9:10")})
		pair := reactortest.NewPair(build(f, "9.9.9.9:9"), build(NewProxyFactory(always(server), 0), "9.9.9.9:9"))
		pair.Settle()
		if got := string(client.Received); got != "hello 1.2.3.4:5 at 6.7.8.9:10\n" {
			t.Errorf("version %d: client received %q", version, got)
		}
		if got := string(server.Received); !strings.HasPrefix(got, "hello ") {
			t.Errorf("version %d: server received %q", version, got)
		}
	}
	if p := build(NewProxyClientFactory(always(nil), ProxyHeader{Version: 1}), "9.9.9.9:9"); p != nil {
		t.Errorf("built %v", p)
	}
}

// Whatever is sent, in whatever chunks, has the same effect.
func FuzzProxyProtocol(f *testing.F) {
	f.Add([]byte(proxyLine+"hello"), uint64(1))
	f.Add(append(AppendProxyHeader(nil, ProxyHeader{2, tcp("1.2.3.4:5"), tcp("6.7.8.9:10")}), "hello"...), uint64(2))
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint64(3))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		var results [2]string
		for i, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Random(seed, 50)} {
			inner := &greeter{}
			result := reactortest.Feed(NewProxyFactory(always(inner), 0).BuildProtocol(nil), data, chunks)
			results[i] = fmt.Sprintf("%v %q", result, inner.Received)
		}
		if results[0] != results[1] {
			t.Errorf("%q: %s whole, %s in chunks", data, results[0], results[1])
		}
	})
}
