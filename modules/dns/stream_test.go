package dns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// unframe takes apart what a stream sent.
func unframe(t testing.TB, text string) [][]byte {
	t.Helper()
	var all [][]byte
	for text != "" {
		n := int(binary.BigEndian.Uint16([]byte(text)))
		all = append(all, []byte(text[2:2+n]))
		text = text[2+n:]
	}
	return all
}

func shown(t testing.TB, text string) []string {
	t.Helper()
	var all []string
	for _, m := range unframe(t, text) {
		all = append(all, show(t, m))
	}
	return all
}

// Queries one after another are answered however they are cut, also within their length.
func TestStreamInChunks(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example)})
	input := framed(ask(t, "web.example. A"), ask(t, "nope.example. A edns"), ask(t, "example. MX"), []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"))
	reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return s.BuildProtocol(nil), nil })
	got := reactortest.Feed(s.BuildProtocol(nil), input, reactortest.Sizes(1))
	want := []string{"NOERROR aa; answer: web.example. 3600 A 192.0.2.3", "NXDOMAIN aa" + soa + "; additional: OPT 1232",
		"NOERROR aa; answer: example. 3600 MX 10 mail.example.; additional: mail.example. 3600 A 192.0.2.2", "FORMERR"}
	if answers := shown(t, got.Output); strings.Join(answers, "\n") != strings.Join(want, "\n") || got.Closed {
		t.Errorf("%q, closed %v", answers, got.Closed)
	}
}

// What comes is no query: there is nothing to talk about.
func TestStreamOfSomethingElse(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example)})
	for _, input := range []string{"\x00\x00", "\x00\x01x", "\x00\x0c\x12\x34\x80\x00\x00\x01\x00\x00\x00\x00\x00\x00"} {
		if got := reactortest.Feed(s.BuildProtocol(nil), []byte(input), reactortest.Whole()); got.Output != "" || !got.Closed {
			t.Errorf("%.10q: %v", input, got)
		}
	}
}

// connect connects a client to the server.
func connect(t testing.TB, s *Server) (*reactortest.Pair, *reactortest.Recorder) {
	t.Helper()
	r := &reactortest.Recorder{}
	return reactortest.NewPair(r, s.BuildProtocol(nil)), r
}

// A connection is closed when no whole query has come for a while, whatever else comes.
func TestStreamIdle(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example), IdleTimeout: 10 * time.Second})
	p, c := connect(t, s)
	p.Advance(9 * time.Second)
	query := framed(ask(t, "web.example. A"))
	p.Client.Write(query)
	p.Settle()
	if len(shown(t, c.Take())) != 1 {
		t.Error("no answer")
	}
	for range 9 { // one byte a second
		p.Advance(time.Second)
		p.Client.Write(query[:1])
		query = query[1:]
		p.Settle()
	}
	if c.Reason != nil {
		t.Fatal("closed too early")
	}
	p.Advance(time.Second)
	if !errors.Is(c.Reason, protocol.ErrConnectionDone) {
		t.Errorf("after 10 s without a query: %v", c.Reason)
	}
	if p.Pending() != 0 {
		t.Errorf("%d timers are left", p.Pending())
	}
}

// A peer that asks and does not read is not read from, and is cut off in the end.
func TestStreamOfAPeerThatDoesNotRead(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example)})
	p, c := connect(t, s)
	p.Client.PauseReading()
	query := framed(ask(t, "example. MX"))
	for range 20000 {
		p.Client.Write(query)
		p.Turn()
		if p.Client.Lost() != nil {
			t.Fatalf("lost: %v", p.Client.Lost())
		}
		if p.Server.ReadingPaused() {
			break
		}
	}
	if !p.Server.ReadingPaused() || p.Server.Buffered() > 256<<10 {
		t.Errorf("%d bytes are queued, reading paused: %v", p.Server.Buffered(), p.Server.ReadingPaused())
	}
	p.Settle()
	p.Advance(10 * time.Second)
	p.Advance(10 * time.Second)
	if p.Server.Lost() == nil {
		t.Error("the connection lives")
	}
	if c.Reason == nil {
		p.Client.ResumeReading()
		p.Settle()
	}
}

// A peer that reads again is answered again.
func TestStreamOfAPeerThatReadsLate(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example)})
	p, c := connect(t, s)
	p.Client.PauseReading()
	query := framed(ask(t, "example. MX"))
	const n = 5000
	for range n {
		p.Client.Write(query)
	}
	p.Settle()
	p.Client.ResumeReading()
	p.Settle()
	if got := len(unframe(t, c.Take())); got != n {
		t.Errorf("%d answers, want %d", got, n)
	}
}

func TestTransfer(t *testing.T) {
	var big strings.Builder
	big.WriteString(example)
	for i := range 3000 {
		fmt.Fprintf(&big, "host%d A 192.0.2.1\n", i)
	}
	z := zones(t, big.String())
	peer := netip.MustParsePrefix("127.0.0.0/8")
	for what, c := range map[string]struct {
		ask   string
		allow []netip.Prefix
		want  int // records
	}{
		"granted":        {"example. AXFR", []netip.Prefix{peer}, z[0].Len() + 1},
		"what changed":   {"example. IXFR edns", []netip.Prefix{peer}, z[0].Len() + 1},
		"not granted":    {"example. AXFR", nil, 0},
		"not a zone":     {"web.example. AXFR", []netip.Prefix{peer}, 0},
		"of class CH":    {"example. AXFR ch", []netip.Prefix{peer}, 0},
		"not somebody's": {"example. AXFR", []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, 0},
	} {
		s := newServer(t, nil, Config{Zones: z, Transfer: c.allow})
		p, client := connect(t, s)
		p.Client.Write(framed(ask(t, c.ask), ask(t, "web.example. A")))
		p.Settle()
		messages := unframe(t, client.Take())
		if len(messages) < 2 {
			t.Errorf("%s: %d messages", what, len(messages))
			continue
		}
		if got := show(t, messages[len(messages)-1]); got != "NOERROR aa; answer: web.example. 3600 A 192.0.2.3" {
			t.Errorf("%s: the query behind it: %s", what, got)
		}
		records := 0
		for _, msg := range messages[:len(messages)-1] {
			m, err := message.Decode(msg)
			if err != nil || (m.RCode == message.Refused) != (c.want == 0) || len(msg) > transferSize+100 {
				t.Errorf("%s: %d bytes, %v, %v", what, len(msg), m.Header, err)
			}
			records += len(m.Answers)
		}
		if records != c.want {
			t.Errorf("%s: %d records, want %d", what, records, c.want)
		}
	}
}

// A transfer to a peer that does not read waits, and ends when that goes on too long.
func TestTransferToAPeerThatDoesNotRead(t *testing.T) {
	var big strings.Builder
	big.WriteString(example)
	for i := range 30000 {
		fmt.Fprintf(&big, "host%d A 192.0.2.1\n", i)
	}
	s := newServer(t, nil, Config{Zones: zones(t, big.String()), Transfer: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	p, _ := connect(t, s)
	p.Client.PauseReading()
	p.Client.Write(framed(ask(t, "example. AXFR")))
	p.Settle()
	if p.Server.Buffered() > 2*transferSize {
		t.Errorf("%d bytes are queued", p.Server.Buffered())
	}
	p.Advance(10 * time.Second)
	p.Advance(10 * time.Second)
	if p.Server.Lost() == nil {
		t.Error("the connection lives")
	}
}
