package dns

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

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
