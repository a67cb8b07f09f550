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
