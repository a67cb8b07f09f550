package dns

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// upstream is another server on the in-memory reactor.
type upstream struct {
	t         testing.TB
	transport protocol.DatagramTransport
	asked     []question
	// answer makes the response to a query; nil: nothing is answered.
	answer func(m *message.Message) *message.Message
}

// A question is a query that an upstream was sent.
type question struct {
	*message.Message
	from netip.AddrPort
}

func (u *upstream) StartProtocol(t protocol.DatagramTransport) { u.transport = t }
func (u *upstream) StopProtocol(error)                         {}
func (u *upstream) DatagramReceived(data []byte, from netip.AddrPort) {
	m, err := message.Decode(data)
	if err != nil {
		u.t.Errorf("the upstream is asked %x: %v", data, err)
	}
	u.asked = append(u.asked, question{m, from})
	if u.answer != nil {
		if response := u.answer(m); response != nil {
			u.send(response, from)
		}
	}
}

func (u *upstream) send(m *message.Message, to netip.AddrPort) {
	b, err := m.Encode(nil)
	if err != nil {
		u.t.Fatal(err)
	}
	if err := u.transport.WriteTo(b, to); err != nil {
		u.t.Error(err)
	}
}

// responding is an upstream's response with these records; a record of type SOA goes to the authority section.
func responding(t testing.TB, rcode message.RCode, lines ...string) func(*message.Message) *message.Message {
	return func(q *message.Message) *message.Message {
		m := &message.Message{Header: message.Header{ID: q.ID, Response: true, RCode: rcode, RecursionAvailable: true}, Questions: q.Questions}
		for _, line := range lines {
			r := record(t, line)
			if r.Type == message.TypeSOA {
				m.Authority = append(m.Authority, r)
			} else {
				m.Answers = append(m.Answers, r)
			}
		}
		return m
	}
}

// record reads "NAME TTL TYPE DATA…".
func record(t testing.TB, line string) message.Record {
	t.Helper()
	words := strings.Fields(line)
	of, _ := message.ParseType(words[2])
	ttl, err := message.ParseTTL(words[1])
	if err != nil {
		t.Fatal(err)
	}
	var tokens []message.Token
	for _, w := range words[3:] {
		tokens = append(tokens, message.Token{Text: w})
	}
	data, err := message.ParseData(of, tokens, "")
	if err != nil {
		t.Fatal(err)
	}
	return message.Record{Name: wire(t, words[0]), Type: of, Class: message.ClassIN, TTL: ttl, Data: data}
}

// forwarding is a server in front of n upstreams, and a client of it.
func forwarding(t testing.TB, n int, c Config) (*reactortest.Reactor, *client, []*upstream) {
	t.Helper()
	r := reactortest.NewReactor()
	var ups []*upstream
	for i := range n {
		u := &upstream{t: t}
		p, err := r.ListenUDP(fmt.Sprintf("udp:%d:interface=127.0.0.1", 5300+i), u)
		if err != nil {
			t.Fatal(err)
		}
		c.Upstreams = append(c.Upstreams, netip.MustParseAddrPort(p.Host().String()))
		ups = append(ups, u)
	}
	p, err := r.ListenUDP("udp:53:interface=127.0.0.1", newServer(t, r, c).BuildDatagramProtocol(nil))
	if err != nil {
		t.Fatal(err)
	}
	return r, newClient(t, r, p.Host().String()), ups
}
