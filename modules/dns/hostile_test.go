package dns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// What is not the answer to this query, from the server that was asked, is ignored, and the right one is still taken.
func TestForgedAnswersAreIgnored(t *testing.T) {
	const forged = "host.test. 60 A 203.0.113.66"
	r, c, ups := forwarding(t, 1, Config{})
	stranger := &upstream{t: t}
	if _, err := r.ListenUDP("udp:5400:interface=127.0.0.1", stranger); err != nil {
		t.Fatal(err)
	}
	c.send("host.test. A")
	u := ups[0]
	q := u.asked[0]
	answer := responding(t, message.NoError, forged)
	stranger.send(answer(q.Message), q.from)
	for what, change := range map[string]func(*message.Message){
		"id":             func(m *message.Message) { m.ID++ },
		"not a response": func(m *message.Message) { m.Response = false },
		"opcode":         func(m *message.Message) { m.Opcode = 4 },
		"name": func(m *message.Message) {
			m.Questions = []message.Question{{Name: wire(t, "other.test."), Type: 1, Class: 1}}
		},
		"type": func(m *message.Message) {
			m.Questions = []message.Question{{Name: wire(t, "host.test."), Type: 28, Class: 1}}
		},
		"class": func(m *message.Message) {
			m.Questions = []message.Question{{Name: wire(t, "host.test."), Type: 1, Class: 3}}
		},
		"two questions":    func(m *message.Message) { m.Questions = append(m.Questions[:1:1], m.Questions[0]) },
		"no question":      func(m *message.Message) { m.Questions = nil },
		"id and a failure": func(m *message.Message) { m.ID, m.RCode = m.ID^0x100, message.ServerFailure },
	} {
		m := answer(q.Message)
		change(m)
		u.send(m, q.from)
		r.Settle()
		if len(c.received) > 0 || len(u.asked) != 1 {
			t.Errorf("wrong %s: answered %s, asked %d times", what, c.take(), len(u.asked))
		}
	}
	whole, _ := answer(q.Message).Encode(nil)
	for n := range len(whole) { // cut off anywhere
		if err := u.transport.WriteTo(whole[:n], q.from); err != nil {
			t.Fatal(err)
		}
	}
	r.Settle()
	if len(c.received) > 0 {
		t.Errorf("answered %s", c.take())
	}
	right := responding(t, message.NoError, host)(q.Message)
	right.Questions[0].Name = wire(t, "HOST.TEST.") // in whatever case
	u.send(right, q.from)
	r.Settle()
	if got := c.take(); got != fmt.Sprintf(hostIs, 60) {
		t.Error(got)
	}
	// What comes later comes too late.
	u.send(answer(q.Message), q.from)
	r.Settle()
	if got := c.ask("host.test. A"); got != fmt.Sprintf(hostIs, 60) {
		t.Error(got)
	}
}

// tcpUpstream answers over TCP with what it is told to.
type tcpUpstream struct {
	protocol.Base
	input, output []byte
	asked         *int
}

func (u *tcpUpstream) DataReceived(data []byte) {
	u.input = append(u.input, data...)
	if len(u.input) < 2 || len(u.input) < 2+int(binary.BigEndian.Uint16(u.input)) {
		return
	}
	*u.asked++
	if u.output == nil {
		u.Transport.AbortConnection()
		return
	}
	binary.BigEndian.PutUint16(u.output[2:], binary.BigEndian.Uint16(u.input[2:])) // the id of the query
	u.Transport.Write(u.output)
}

// truncating is a forwarder whose upstream truncates over UDP and sends output over TCP; nil aborts.
func truncating(t *testing.T, output []byte) (*reactortest.Reactor, *client, *int) {
	t.Helper()
	r, c, ups := forwarding(t, 1, Config{Timeouts: []time.Duration{time.Second}})
	ups[0].answer = func(m *message.Message) *message.Message {
		m = responding(t, message.NoError)(m)
		m.Truncated = true
		return m
	}
	asked := new(int)
	if _, err := r.Listen("tcp:5300:interface=127.0.0.1", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		return &tcpUpstream{output: append([]byte(nil), output...), asked: asked}
	})); err != nil {
		t.Fatal(err)
	}
	return r, c, asked
}

func TestTruncatedAnswersAreAskedForAgain(t *testing.T) {
	var lines []string
	for i := range 200 {
		lines = append(lines, fmt.Sprintf("host.test. 60 A 192.0.2.%d", i))
	}
	q := &message.Message{Questions: []message.Question{{Name: wire(t, "host.test."), Type: message.TypeA, Class: message.ClassIN}}}
	whole, err := responding(t, message.NoError, lines...)(q).Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, chunks := range map[string]reactortest.Chunks{"whole": nil, "1 byte": reactortest.Sizes(1), "3 bytes": reactortest.Sizes(3)} {
		r, c, asked := truncating(t, framed(whole))
		r.Chunks = chunks
		if got := c.ask("host.test. A"); got != "NOERROR tc ra" || *asked != 1 {
			t.Errorf("%s: %s, asked %d times", name, got, *asked)
		}
		if got := c.ask("host.test. A"); got != "NOERROR tc ra" || *asked != 1 {
			t.Errorf("%s: kept: %s, asked %d times", name, got, *asked)
		}
		r.Advance(time.Hour)
		if n := len(r.Connections()); n != 0 {
			t.Errorf("%s: %d connections are left", name, n)
		}
	}
}

// Over TCP an upstream can close, say nothing, send something else, or send without end. All of it ends in time.
func TestHostileUpstreamOverTCP(t *testing.T) {
	endless := []byte(strings.Repeat("\x00\x01x", 200_000))
	for what, output := range map[string][]byte{
		"aborts":      nil,
		"is slow":     []byte("\x01\x00\x00\x00"),
		"is endless":  endless,
		"is no reply": framed([]byte("\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")),
	} {
		r, c, _ := truncating(t, output)
		c.send("host.test. A")
		begin := r.Now()
		for len(c.received) == 0 {
			next, ok := r.Next()
			if !ok {
				t.Fatalf("%s: nothing happens any more", what)
			}
			r.Advance(next)
		}
		if got := c.take(); got != "SERVFAIL ra" || r.Now().Sub(begin) > tcpTimeout {
			t.Errorf("%s: %s after %v", what, got, r.Now().Sub(begin))
		}
		r.Settle()
		if n := len(r.Connections()); n != 0 || r.Pending() != 0 {
			t.Errorf("%s: %d connections and %d timers are left", what, n, r.Pending())
		}
	}
}

// However many ask for however much: sockets, memory and time are bounded.
func TestForwardingIsBounded(t *testing.T) {
	r, c, ups := forwarding(t, 1, Config{Timeouts: []time.Duration{time.Second}})
	for i := range maxInquiries + 10 {
		c.send(fmt.Sprintf("host%d.test. A", i))
	}
	if len(ups[0].asked) != maxInquiries || len(c.received) != 10 {
		t.Errorf("asked %d times, answered %d", len(ups[0].asked), len(c.received))
	}
	for range maxWaiting {
		c.send("host0.test. A")
	}
	if len(c.received) != 10+maxInquiries {
		t.Errorf("%d answers", len(c.received))
	}
	for len(c.received) > 0 {
		if got := c.take(); got != "SERVFAIL ra" {
			t.Fatal(got)
		}
	}
	r.Advance(time.Second)
	if len(c.received) != maxWaiting {
		t.Errorf("%d answers at the end, want %d", len(c.received), maxWaiting)
	}
}

func TestCacheIsBounded(t *testing.T) {
	now := reactortest.Epoch
	k := func(ttl time.Duration) *kept { return &kept{msg: make([]byte, 100), at: now, expires: now.Add(ttl)} }
	c := newCache(3 * (overhead + 101))
	for _, key := range []string{"a", "b", "c"} {
		c.put(key, k(time.Minute))
	}
	c.get([]byte("a"), now)
	c.put("d", k(time.Minute))
	held := ""
	for _, key := range []string{"a", "b", "c", "d"} {
		if c.get([]byte(key), now) != nil {
			held += key
		}
	}
	if held != "acd" || c.size > c.most {
		t.Errorf("it holds %s, %d of %d bytes", held, c.size, c.most)
	}
	c.put("a", k(time.Second))
	c.put("large", &kept{msg: make([]byte, 2000), at: now, expires: now.Add(time.Hour)})
	c.put("dead", k(0))
	if c.get([]byte("a"), now.Add(time.Second)) != nil || c.get([]byte("large"), now) != nil || c.get([]byte("dead"), now) != nil {
		t.Error("it holds what it must not")
	}
	for _, key := range []string{"c", "d"} {
		c.put(key, k(0))
	}
	if c.size != 0 || len(c.entries) != 0 || c.order.Len() != 0 {
		t.Errorf("empty it holds %d bytes, %d entries", c.size, len(c.entries))
	}
}

// A stream has some questions under way at a time; what comes then waits, and nothing is lost. What is answered after
// the peer has gone is for nobody.
func TestForwardingOverAStream(t *testing.T) {
	r := reactortest.NewReactor()
	u := &upstream{t: t}
	p, err := r.ListenUDP("udp:5300:interface=127.0.0.1", u)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, r, Config{Upstreams: []netip.AddrPort{netip.MustParseAddrPort(p.Host().String())}})
	peer := &reactortest.Recorder{}
	pair := r.Join(peer, s.BuildProtocol(nil))
	const n = maxStreamWaiting + 36
	for i := range n {
		pair.Client.Write(framed(ask(t, fmt.Sprintf("host%d.test. A", i))))
	}
	r.Settle()
	if len(u.asked) != maxStreamWaiting || !pair.Server.ReadingPaused() {
		t.Errorf("asked %d times, reading paused: %v", len(u.asked), pair.Server.ReadingPaused())
	}
	answers := 0
	for done := 0; done < len(u.asked); {
		batch := u.asked[done:]
		done += len(batch)
		for _, q := range batch {
			u.send(responding(t, message.NoError, string(q.Questions[0].Name.String())+" 60 A 192.0.2.1")(q.Message), q.from)
		}
		r.Settle()
		answers += len(shown(t, peer.Take()))
	}
	if answers != n || len(u.asked) != n {
		t.Errorf("%d answers, asked %d times, want %d", answers, len(u.asked), n)
	}
	pair.Client.Write(framed(ask(t, "last.test. A")))
	r.Settle()
	pair.Client.AbortConnection()
	r.Settle()
	last := u.asked[len(u.asked)-1]
	u.send(responding(t, message.NoError, "last.test. 60 A 192.0.2.1")(last.Message), last.from)
	r.Settle()
}
