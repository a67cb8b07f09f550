package reactortest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// probe is a protocol that writes down what happens to it, and may react.
type probe struct {
	protocol.Transport
	heard []string
	data  func(data []byte)
	keep  []byte // the slice of the last DataReceived
}

func (p *probe) hear(format string, args ...any) {
	p.heard = append(p.heard, fmt.Sprintf(format, args...))
}

func (p *probe) ConnectionMade(t protocol.Transport) {
	p.Transport = t
	p.hear("made")
}

func (p *probe) DataReceived(data []byte) {
	p.hear("%s", data)
	p.keep = data
	if p.data != nil {
		p.data(data)
	}
}

func (p *probe) ConnectionLost(reason error) { p.hear("lost: %v", reason) }

func (p *probe) check(t *testing.T, want ...string) {
	t.Helper()
	if got := strings.Join(p.heard, "|"); got != strings.Join(want, "|") {
		t.Errorf("heard %q, want %q", got, strings.Join(want, "|"))
	}
	p.heard = nil
}

// halfProbe is a probe that lives on half-closed connections.
type halfProbe struct{ probe }

func (p *halfProbe) ReadConnectionLost()  { p.hear("read lost") }
func (p *halfProbe) WriteConnectionLost() { p.hear("write lost") }

const (
	done    = "lost: connection was closed cleanly"
	unclean = "lost: connection was lost"
	aborted = "lost: connection was aborted"
)

// joined is a pair of connected probes, whose "made" is behind them.
func joined(t *testing.T) (a, b *probe, p *reactortest.Pair) {
	t.Helper()
	a, b = &probe{}, &probe{}
	p = reactortest.NewPair(a, b)
	a.check(t, "made")
	b.check(t, "made")
	return a, b, p
}

func TestBytesTravelInTurns(t *testing.T) {
	a, b, p := joined(t)
	a.Write([]byte("one"))
	a.Write([]byte("two"))
	b.check(t)
	p.Settle()
	b.check(t, "onetwo")
	b.Write([]byte("back"))
	p.Settle()
	a.check(t, "back")
	if p.Turn() {
		t.Error("there was something left to do")
	}
}

func TestChunks(t *testing.T) {
	for name, c := range map[string]struct {
		chunks reactortest.Chunks
		want   string
	}{
		"whole":      {reactortest.Whole(), "abcdefg"},
		"1 byte":     {reactortest.Sizes(1), "a|b|c|d|e|f|g"},
		"3 bytes":    {reactortest.Sizes(3), "abc|def|g"},
		"in turn":    {reactortest.Sizes(1, 3), "a|bcd|e|fg"},
		"cut":        {reactortest.CutAt(2), "ab|cdefg"},
		"too many":   {reactortest.Sizes(100), "abcdefg"},
		"too few":    {reactortest.Sizes(0), "a|b|c|d|e|f|g"},
		"by default": {nil, "abcdefg"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b, p := joined(t)
			p.Chunks = c.chunks
			a.Write([]byte("abcdefg"))
			p.Settle()
			b.check(t, strings.Split(c.want, "|")...)
		})
	}
	t.Run("of one end", func(t *testing.T) {
		a, b, p := joined(t)
		p.Server.Chunks = reactortest.Sizes(2)
		a.Write([]byte("abc"))
		b.Write([]byte("abc"))
		p.Settle()
		a.check(t, "abc")
		b.check(t, "ab", "c")
	})
	t.Run("random ones are the same again", func(t *testing.T) {
		first, again := reactortest.Random(7, 5), reactortest.Random(7, 5)
		for range 100 {
			n := first(1000)
			if n != again(1000) || n < 1 || n > 5 {
				t.Fatalf("a chunk of %d bytes", n)
			}
		}
	})
}

func TestKeptSlicesAreFoundOut(t *testing.T) {
	a, b, p := joined(t)
	a.Write([]byte("secret"))
	p.Settle()
	if string(b.keep) == "secret" {
		t.Error("the bytes are still there after DataReceived")
	}
}

func TestLoseConnection(t *testing.T) {
	a, b, p := joined(t)
	a.Write([]byte("last words"))
	a.LoseConnection()
	a.LoseConnection()
	if _, err := a.Write([]byte("more")); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("Write after LoseConnection: %v", err)
	}
	if !a.Disconnecting() || b.Disconnecting() {
		t.Error("Disconnecting is wrong")
	}
	b.Write([]byte("unheard"))
	a.check(t)
	p.Settle()
	a.check(t, done)
	b.check(t, "last words", done)
	if len(p.Connections()) > 0 || p.Client.Lost() != protocol.ErrConnectionDone {
		t.Errorf("%d connections live; lost by %v", len(p.Connections()), p.Client.Lost())
	}
}

func TestAbortConnection(t *testing.T) {
	a, b, p := joined(t)
	b.data = func([]byte) {
		b.AbortConnection()
		b.AbortConnection()
		b.LoseConnection()
		b.hear("returned")
	}
	a.Write([]byte("x"))
	p.Settle()
	b.check(t, "x", "returned", aborted)
	a.check(t, unclean)
}

func TestPeerIsGone(t *testing.T) {
	a := &halfProbe{}
	b := &probe{}
	p := reactortest.NewPair(a, b)
	b.LoseConnection()
	p.Settle()
	a.check(t, "made", "read lost")
	a.Write([]byte("anybody there?"))
	p.Settle()
	a.check(t, unclean)
	b.check(t, "made", done)
}

func TestHalfClose(t *testing.T) {
	a, b := &halfProbe{}, &halfProbe{}
	p := reactortest.NewPair(a, b)
	a.Write([]byte("question"))
	a.LoseWriteConnection()
	if _, err := a.Write([]byte("more")); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("Write after LoseWriteConnection: %v", err)
	}
	p.Settle()
	a.check(t, "made", "write lost")
	b.check(t, "made", "question", "read lost")
	b.Write([]byte("answer"))
	b.LoseWriteConnection()
	p.Settle()
	a.check(t, "answer", "read lost", done)
	b.check(t, "write lost", done)

	c, d, p := joined(t)
	c.LoseWriteConnection()
	p.Settle()
	d.check(t, done)
	c.check(t, done)
}

func TestPausedReading(t *testing.T) {
	a, b, p := joined(t)
	b.PauseReading()
	a.Write([]byte("hello"))
	a.LoseConnection()
	p.Settle()
	b.check(t)
	if !p.Server.ReadingPaused() {
		t.Error("not paused")
	}
	b.ResumeReading()
	p.Settle()
	b.check(t, "hello", done)
}

func TestHardCap(t *testing.T) {
	a, b, p := joined(t)
	b.PauseReading()
	p.HardCap = 100
	if _, err := a.Write(make([]byte, 101)); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("Write beyond the cap: %v", err)
	}
	a.check(t)
	p.Settle()
	a.check(t, "lost: limit exceeded")
	b.check(t, unclean)
}

// producer counts what it is asked for.
type producer struct{ paused, resumed, stopped int }

func (p *producer) PauseProducing()  { p.paused++ }
func (p *producer) ResumeProducing() { p.resumed++ }
func (p *producer) StopProducing()   { p.stopped++ }

func TestPushProducer(t *testing.T) {
	a, b, p := joined(t)
	b.PauseReading()
	var push producer
	if err := a.RegisterProducer(&push, true); err != nil {
		t.Fatal(err)
	}
	if err := a.RegisterProducer(&push, true); !errors.Is(err, protocol.ErrProducerRegistered) {
		t.Errorf("a second producer: %v", err)
	}
	a.Write(make([]byte, p.Window+p.HighWater))
	p.Settle()
	if push != (producer{}) {
		t.Errorf("at the high-water mark: %+v", push)
	}
	a.Write([]byte("x"))
	p.Settle()
	if push != (producer{paused: 1}) || a.Buffered() != p.HighWater+1 {
		t.Errorf("above it: %+v, %d bytes queued", push, a.Buffered())
	}
	b.ResumeReading()
	p.Settle()
	if push != (producer{paused: 1, resumed: 1}) {
		t.Errorf("when the peer reads: %+v", push)
	}
	a.LoseConnection()
	p.Settle()
	if p.Client.Lost() != nil {
		t.Error("closed with a producer registered")
	}
	if _, err := a.Write([]byte("the producer's")); err != nil {
		t.Errorf("Write of the producer after LoseConnection: %v", err)
	}
	a.UnregisterProducer()
	p.Settle()
	if p.Client.Lost() == nil {
		t.Error("not closed when the producer was gone")
	}
}

func TestPullProducer(t *testing.T) {
	a, b, p := joined(t)
	var pull producer
	a.RegisterProducer(&pull, false)
	if pull.resumed != 0 {
		t.Error("asked before it was a later turn")
	}
	p.Settle()
	if pull.resumed != 1 {
		t.Errorf("asked %d times at first", pull.resumed)
	}
	a.Write([]byte("x"))
	p.Settle()
	if pull.resumed != 2 {
		t.Errorf("asked %d times after a flush", pull.resumed)
	}
	b.AbortConnection()
	p.Settle()
	if pull.stopped != 1 {
		t.Errorf("stopped %d times", pull.stopped)
	}
	a.RegisterProducer(&pull, false)
	if pull.stopped != 2 {
		t.Error("not stopped on a lost connection")
	}
}

// lender is a probe with a receive buffer of its own, or none.
type lender struct {
	probe
	buffer []byte
	asked  int
}

func (l *lender) ReadBuffer() []byte {
	l.asked++
	return l.buffer
}

func TestReadBuffer(t *testing.T) {
	a, b := &probe{}, &lender{buffer: make([]byte, 4)}
	p := reactortest.NewPair(a, b)
	a.Write([]byte("abcdef"))
	p.Settle()
	b.check(t, "made", "abcd", "ef")
	if &b.keep[0] != &b.buffer[0] {
		t.Error("delivered elsewhere than in the buffer")
	}
	b.buffer, b.asked = nil, 0
	a.Write([]byte("held"))
	p.Settle()
	b.check(t)
	if b.asked != 1 || !p.Server.ReadingPaused() {
		t.Errorf("asked %d times for a buffer that is not there", b.asked)
	}
	b.buffer = make([]byte, 64)
	p.Settle()
	b.check(t)
	b.ResumeReading()
	p.Settle()
	b.check(t, "held")
}

func TestClosedReactorLosesConnections(t *testing.T) {
	a, b, p := joined(t)
	p.Close()
	a.check(t, "lost: shutting down")
	b.check(t, "lost: shutting down")
}
