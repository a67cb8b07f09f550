package dns

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/modules/dns/zone"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const example = `$ORIGIN example.
$TTL 1h
@	SOA	ns1 hostmaster 2026010101 1d 2h 4w 5m
	NS	ns1
	NS	ns2.other.
	MX	10 mail
ns1	A	192.0.2.1
mail	A	192.0.2.2
www	CNAME	web
web	A	192.0.2.3
*.wild	A	192.0.2.5
sub	NS	ns.sub
ns.sub	A	192.0.2.6
loop1	CNAME	loop2
loop2	CNAME	loop1
out	CNAME	www.elsewhere.
over	CNAME	host.second.
gone	CNAME	missing
down	CNAME	host.sub
`

const second = "$ORIGIN second.\n@ 60 SOA a b 1 2 3 4 5\n NS a\nhost A 192.0.2.9\n"

func zones(t testing.TB, texts ...string) []*zone.Zone {
	t.Helper()
	var all []*zone.Zone
	for _, text := range texts {
		z, err := zone.Parse("test", text, zone.Options{})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, z)
	}
	return all
}

func newServer(t testing.TB, r protocol.Reactor, c Config) *Server {
	t.Helper()
	s, err := New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wire(t testing.TB, text string) message.Name {
	t.Helper()
	n, err := message.ParseName(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// ask is a query in wire form: "NAME TYPE", with words behind that set things.
func ask(t testing.TB, text string) []byte {
	t.Helper()
	words := strings.Fields(text)
	of, ok := message.ParseType(words[1])
	if !ok {
		t.Fatalf("no type %s", words[1])
	}
	q := message.Question{Name: wire(t, words[0]), Type: of, Class: message.ClassIN}
	h := message.Header{ID: 0x1234, RecursionDesired: true}
	size, version, do := uint16(0), uint32(0), false
	for _, w := range words[2:] {
		switch w {
		case "norec":
			h.RecursionDesired = false
		case "cd":
			h.CheckingDisabled = true
		case "ch":
			q.Class = message.ClassCH
		case "edns":
			size = 4096
		case "small":
			size = 100
		case "do":
			size, do = 4096, true
		case "v1":
			size, version = 4096, 1
		default:
			t.Fatalf("what is %s", w)
		}
	}
	m := message.Message{Header: h, Questions: []message.Question{q}}
	if size > 0 {
		ttl := version << 16
		if do {
			ttl |= 1 << 15
		}
		m.Additional = []message.Record{{Name: message.Root, Type: message.TypeOPT, Class: message.Class(size), TTL: ttl}}
	}
	b, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// show is a response as text: response code and flags, then the sections.
func show(t testing.TB, msg []byte) string {
	t.Helper()
	if msg == nil {
		return "nothing"
	}
	m, err := message.Decode(msg)
	if err != nil {
		t.Fatalf("%x: %v", msg, err)
	}
	rcode := m.RCode
	for _, r := range m.Additional {
		if r.Type == message.TypeOPT {
			rcode |= message.RCode(r.TTL >> 24 << 4)
		}
	}
	text := rcode.String()
	for _, flag := range []struct {
		set  bool
		name string
	}{{m.Authoritative, "aa"}, {m.Truncated, "tc"}, {m.RecursionAvailable, "ra"}, {m.CheckingDisabled, "cd"}} {
		if flag.set {
			text += " " + flag.name
		}
	}
	for _, section := range []struct {
		name    string
		records []message.Record
	}{{"answer", m.Answers}, {"authority", m.Authority}, {"additional", m.Additional}} {
		if len(section.records) > 0 {
			text += "; " + section.name + ":"
		}
		for i, r := range section.records {
			if i > 0 {
				text += ","
			}
			if r.Type == message.TypeOPT {
				text += fmt.Sprintf(" OPT %d", uint16(r.Class))
				if r.TTL&(1<<15) != 0 {
					text += " do"
				}
				continue
			}
			text += fmt.Sprintf(" %s %d %s %s", r.Name, r.TTL, r.Type, r.Text())
		}
	}
	if !m.Response || m.ID != 0x1234 {
		text += fmt.Sprintf("; not a response to this query: %+v", m.Header)
	}
	return text
}

const soa = "; authority: example. 300 SOA ns1.example. hostmaster.example. 2026010101 86400 7200 2419200 300"

func TestAuthority(t *testing.T) {
	s := newServer(t, nil, Config{Zones: zones(t, example, second)})
	p := responder{server: s}
	for text, want := range map[string]string{
		"web.example. A":       "NOERROR aa; answer: web.example. 3600 A 192.0.2.3",
		"WEB.eXample. A":       "NOERROR aa; answer: WEB.eXample. 3600 A 192.0.2.3", // the asker's own case
		"web.example. A edns":  "NOERROR aa; answer: web.example. 3600 A 192.0.2.3; additional: OPT 1232",
		"web.example. A do cd": "NOERROR aa cd; answer: web.example. 3600 A 192.0.2.3; additional: OPT 1232 do",
		"web.example. A v1":    "BADVERS; additional: OPT 1232",
		"web.example. A ch":    "REFUSED",
		"web.example. AAAA":    "NOERROR aa" + soa,
		"nope.example. A":      "NXDOMAIN aa" + soa,
		"a.wild.example. A":    "NOERROR aa; answer: a.wild.example. 3600 A 192.0.2.5",
		"example. MX":          "NOERROR aa; answer: example. 3600 MX 10 mail.example.; additional: mail.example. 3600 A 192.0.2.2",
		"example. NS":          "NOERROR aa; answer: example. 3600 NS ns1.example., example. 3600 NS ns2.other.; additional: ns1.example. 3600 A 192.0.2.1",
		"example. ANY":         "NOERROR aa; answer: example. 3600 SOA ns1.example. hostmaster.example. 2026010101 86400 7200 2419200 300",
		"www.example. ANY":     "NOERROR aa; answer: www.example. 3600 CNAME web.example.",
		"www.example. A":       "NOERROR aa; answer: www.example. 3600 CNAME web.example., web.example. 3600 A 192.0.2.3",
		"www.example. AAAA":    "NOERROR aa; answer: www.example. 3600 CNAME web.example." + soa,
		"gone.example. A":      "NXDOMAIN aa; answer: gone.example. 3600 CNAME missing.example." + soa,
		"out.example. A":       "NOERROR aa; answer: out.example. 3600 CNAME www.elsewhere.",
		"over.example. A":      "NOERROR aa; answer: over.example. 3600 CNAME host.second., host.second. 60 A 192.0.2.9",
		"loop1.example. A":     "NOERROR aa; answer: loop1.example. 3600 CNAME loop2.example., loop2.example. 3600 CNAME loop1.example.",
		"host.sub.example. A":  "NOERROR; authority: sub.example. 3600 NS ns.sub.example.; additional: ns.sub.example. 3600 A 192.0.2.6",
		"down.example. A":      "NOERROR aa; answer: down.example. 3600 CNAME host.sub.example.; authority: sub.example. 3600 NS ns.sub.example.; additional: ns.sub.example. 3600 A 192.0.2.6",
		"example.com. A":       "REFUSED",
		". NS":                 "REFUSED",
		"example. AXFR":        "REFUSED",
		"example. OPT":         "FORMERR",
	} {
		got, waits := p.respond(ask(t, text), asker{})
		if shown := show(t, got); shown != want || waits {
			t.Errorf("%s: %s, want %s", text, shown, want)
		}
	}
}

// What cannot be answered is answered with an error, or not at all; nothing is said to a response.
func TestWhatIsNoQuery(t *testing.T) {
	p := responder{server: newServer(t, nil, Config{Zones: zones(t, example)})}
	query := ask(t, "web.example. A edns")
	change := func(at int, value byte) []byte {
		b := append([]byte(nil), query...)
		b[at] = value
		return b
	}
	for what, c := range map[string]struct {
		msg  []byte
		want string
	}{
		"a response":       {change(2, 0x80), "nothing"},
		"nothing":          {nil, "nothing"},
		"eleven bytes":     {query[:11], "nothing"},
		"a header":         {query[:12], "FORMERR"},
		"an opcode":        {change(2, 0x28), "NOTIMP"},
		"half a question":  {query[:20], "FORMERR"},
		"half an OPT":      {query[:len(query)-3], "FORMERR"},
		"two questions":    {change(5, 2), "FORMERR"},
		"a pointer":        {change(12, 0xc0), "FORMERR"},
		"a reserved label": {change(12, 0x80), "FORMERR"},
	} {
		got, _ := p.respond(c.msg, asker{})
		if shown := show(t, got); !strings.HasPrefix(shown, c.want) {
			t.Errorf("%s: %s, want %s", what, shown, c.want)
		}
	}
}

func TestTruncation(t *testing.T) {
	var big, glue strings.Builder
	big.WriteString(example)
	for i := range 60 {
		fmt.Fprintf(&big, "big A 192.0.2.%d\n", i)
		fmt.Fprintf(&glue, "glue NS n%d.glue\nn%d.glue A 192.0.2.%d\n", i, i, i)
	}
	for i := range 40 {
		fmt.Fprintf(&big, "many MX %d m%d\nm%d A 192.0.2.%d\n", i, i, i, i)
	}
	p := responder{server: newServer(t, nil, Config{Zones: zones(t, big.String()+glue.String())})}
	for text, c := range map[string]struct {
		limit     int
		truncated bool
	}{
		"big.example. A":         {512, true},
		"big.example. A small":   {512, true}, // less than 512 is not asked for
		"big.example. A edns":    {1232, false},
		"many.example. MX edns":  {1232, false}, // without some of the additional records
		"x.glue.example. A edns": {1232, true},  // glue is needed
		"x.glue.example. A":      {512, true},
	} {
		got, _ := p.respond(ask(t, text), asker{})
		m, err := message.Decode(got)
		if err != nil || len(got) > c.limit || m.Truncated != c.truncated || c.truncated != (len(m.Answers)+len(m.Authority) == 0) ||
			len(m.Questions) != 1 || (strings.Count(text, " ") == 2) != (len(m.Additional) > 0) {
			t.Errorf("%s: %d bytes, %v, %s", text, len(got), err, show(t, got))
		}
		whole, _ := p.respond(ask(t, text), asker{stream: true})
		if m, err := message.Decode(whole); err != nil || m.Truncated || len(whole) < 600 {
			t.Errorf("%s over TCP: %d bytes, %v", text, len(whole), err)
		}
	}
}

func TestAnsweringDoesNotAllocate(t *testing.T) {
	p := responder{server: newServer(t, nil, Config{Zones: zones(t, example)})}
	for _, text := range []string{"www.example. A edns", "nope.example. A", "x.sub.example. A", "example. MX"} {
		query := ask(t, text)
		if n := testing.AllocsPerRun(100, func() { p.respond(query, asker{}) }); n > 0 {
			t.Errorf("%s: %v allocations", text, n)
		}
	}
}

func TestNewRefusesTwoZonesOfOneName(t *testing.T) {
	if _, err := New(nil, Config{Zones: zones(t, example, strings.ReplaceAll(example, "example.", "EXAMPLE."))}); err == nil {
		t.Error("two zones of one name are taken")
	}
}

func TestDatagrams(t *testing.T) {
	r := reactortest.NewReactor()
	s := newServer(t, r, Config{Zones: zones(t, example)})
	listening, err := r.ListenUDP("udp:53", s.BuildDatagramProtocol(nil))
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(t, r, listening.Host().String())
	if got := c.ask("web.example. A"); got != "NOERROR aa; answer: web.example. 3600 A 192.0.2.3" {
		t.Error(got)
	}
	c.transport.Write([]byte("no query"))
	r.Settle()
	if len(c.received) != 0 {
		t.Errorf("answered %x", c.received)
	}
	listening.StopListening()
	r.Settle()
}

// client is a resolver on the in-memory reactor.
type client struct {
	t         testing.TB
	reactor   *reactortest.Reactor
	transport protocol.DatagramTransport
	received  [][]byte
}

func newClient(t testing.TB, r *reactortest.Reactor, to string) *client {
	t.Helper()
	c := &client{t: t, reactor: r}
	if _, err := r.ConnectUDP("udp:"+to, c); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	return c
}

func (c *client) StartProtocol(t protocol.DatagramTransport) { c.transport = t }
func (c *client) StopProtocol(error)                         {}
func (c *client) DatagramReceived(data []byte, _ netip.AddrPort) {
	c.received = append(c.received, append([]byte(nil), data...))
}

// send asks without waiting for the answer.
func (c *client) send(text string) {
	c.t.Helper()
	if err := c.transport.Write(ask(c.t, text)); err != nil {
		c.t.Fatal(err)
	}
	c.reactor.Settle()
}

// take is the oldest response that has come.
func (c *client) take() string {
	c.t.Helper()
	if len(c.received) == 0 {
		return "nothing"
	}
	msg := c.received[0]
	c.received = c.received[1:]
	return show(c.t, msg)
}

func (c *client) ask(text string) string {
	c.t.Helper()
	c.send(text)
	return c.take()
}

// framed puts messages behind one another as a stream has them.
func framed(messages ...[]byte) []byte {
	var all []byte
	for _, m := range messages {
		all = append(binary.BigEndian.AppendUint16(all, uint16(len(m))), m...)
	}
	return all
}
