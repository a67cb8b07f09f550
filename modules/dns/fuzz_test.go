package dns

import (
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// FuzzServer: whatever comes, a response over UDP is a message of the size allowed, to this query, and a stream does
// the same however it is cut.
func FuzzServer(f *testing.F) {
	for _, text := range []string{"web.example. A edns", "www.example. MX", "x.sub.example. A do", "example. AXFR", "loop1.example. A small"} {
		f.Add(ask(f, text))
	}
	f.Add(framed(ask(f, "example. AXFR"), ask(f, "web.example. A")))
	s := newServer(f, nil, Config{Zones: zones(f, example), Transfer: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
	f.Fuzz(func(t *testing.T, input []byte) {
		p := responder{server: s}
		if response, waits := p.respond(input, asker{}); waits {
			t.Error("it waits for nobody")
		} else if response != nil {
			m, err := message.Decode(response)
			if err != nil || !m.Response || len(response) > s.config.UDPSize || response[0] != input[0] || response[1] != input[1] {
				t.Errorf("%x is answered with %x, %v", input, response, err)
			}
		}
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) { return s.BuildProtocol(nil), nil })
	})
}

// FuzzUpstream: whatever an upstream says, it is taken for the answer only if it can be one, and what is kept of it can
// be sent.
func FuzzUpstream(f *testing.F) {
	for _, answer := range []func(*message.Message) *message.Message{
		responding(f, message.NoError, host), responding(f, message.NameError, testSOA), responding(f, message.ServerFailure),
		responding(f, message.NoError, "host.test. 60 CNAME x.test.", "x.test. 4294967 TXT a b"),
	} {
		m := answer(&message.Message{Questions: []message.Question{{Name: wire(f, "host.test."), Type: message.TypeA, Class: message.ClassIN}}})
		b, err := m.Encode(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, response []byte) {
		_, c, ups := forwarding(t, 1, Config{})
		c.send("host.test. A edns")
		u := ups[0]
		if len(response) >= 2 {
			response[0], response[1] = byte(u.asked[0].ID>>8), byte(u.asked[0].ID)
		}
		if err := u.transport.WriteTo(response, u.asked[0].from); err != nil {
			return // too long for a datagram
		}
		c.reactor.Settle()
		for len(c.received) > 0 {
			if len(c.received[0]) > 1232 {
				t.Errorf("%d bytes are sent", len(c.received[0]))
			}
			c.take()
		}
	})
}
