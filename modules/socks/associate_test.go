package socks

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// socket is somebody's UDP port in memory.
type socket struct {
	t        protocol.DatagramTransport
	received []string // "sender payload"
}

func (s *socket) StartProtocol(t protocol.DatagramTransport) { s.t = t }
func (s *socket) StopProtocol(error)                         {}
func (s *socket) DatagramReceived(data []byte, from netip.AddrPort) {
	s.received = append(s.received, from.String()+" "+string(data))
}

func (s *socket) take() string {
	all := strings.Join(s.received, ", ")
	s.received = nil
	return all
}

func (p *proxy) socket(endpoint string) *socket {
	p.t.Helper()
	s := &socket{}
	if _, err := p.ListenUDP(endpoint, s); err != nil {
		p.t.Fatal(err)
	}
	p.Settle()
	return s
}

// associated asks for a UDP port and returns where it is.
func (p *proxy) associated() netip.AddrPort {
	p.t.Helper()
	reply := p.send(hello5 + associate5)
	if len(reply) != 12 || !strings.HasPrefix(reply, "\x05\x00\x05\x00\x00\x01\x7f\x00\x00\x01") {
		p.t.Fatalf("replied %q", reply)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte([]byte(reply[6:10]))), binary.BigEndian.Uint16([]byte(reply[10:])))
}

// asks sends a datagram for another one, through the proxy.
func (p *proxy) asks(from *socket, relay netip.AddrPort, header, payload string) {
	p.t.Helper()
	if err := from.t.WriteTo([]byte(header+payload), relay); err != nil {
		p.t.Fatal(err)
	}
	p.Settle()
}

const (
	to53     = "\x00\x00\x00\x01\x0a\x00\x00\x35\x00\x35"                 // 10.0.0.53:53
	to53name = "\x00\x00\x00\x03\x0bdns.example\x00\x35"                  // dns.example:53
	to53v6   = "\x00\x00\x00\x04 \x01\x0d\xb8" + zeros11 + "\x35\x00\x35" // [2001:db8::35]:53
)

func TestAssociate(t *testing.T) {
	p := newProxy(t, Config{})
	p.Hosts["dns.example"] = []string{"10.0.0.53"}
	dns, dns6 := p.socket("udp:53"), p.socket("udp6:53")
	relay := p.associated()
	client := p.socket("udp:0:interface=127.0.0.1")
	for header, s := range map[string]*socket{to53: dns, to53name: dns, to53v6: dns6} {
		p.asks(client, relay, header, "who is it?")
		got := s.take()
		from, payload, _ := strings.Cut(got, " ")
		if payload != "who is it?" {
			t.Fatalf("%q: the server is sent %q", header, got)
		}
		s.t.WriteTo([]byte("it is me"), netip.MustParseAddrPort(from))
		p.Settle()
		want := to53
		if s == dns6 {
			want = to53v6
		}
		if got := client.take(); got != relay.String()+" "+want+"it is me" {
			t.Errorf("%q: the client is sent %q", header, got)
		}
	}
	p.client.Transport.LoseConnection()
	p.Settle()
	p.closed()
	p.asks(client, relay, to53, "anybody?")
	if got := dns.take(); got != "" {
		t.Errorf("after the end of the client's connection the server is sent %q", got)
	}
}

func TestDatagramsThatAreDropped(t *testing.T) {
	p := newProxy(t, Config{Rules: []Rule{
		{Name: "bad.example", High: 65535}, {Prefix: netip.MustParsePrefix("10.0.0.66/32"), High: 65535}, {Allow: true, Name: "*", High: 65535},
	}})
	p.Hosts["bad.example"] = []string{"10.0.0.53"}
	dns := p.socket("udp:53")
	relay := p.associated()
	client, other := p.socket("udp:0:interface=127.0.0.1"), p.socket("udp:0:interface=127.0.0.1")
	stranger := p.socket("udp:0:interface=127.0.0.9")
	p.asks(stranger, relay, to53, "from another address")
	p.asks(client, relay, to53, "first")
	from, _, _ := strings.Cut(dns.take(), " ")
	outlet := netip.MustParseAddrPort(from)
	p.asks(other, relay, to53, "from another port")
	for _, header := range []string{
		"", "\x00", "\x00\x00\x00", "\x00\x00\x01" + to53[3:], "\x00\x01" + to53[2:], "\x00\x00\x00\x02" + to53[4:], to53[:8],
		to53[:8] + "\x00\x00", to53name[:10], strings.Replace(to53name, "dns", "not", 1), strings.Replace(to53name, "dns", "bad", 1),
		strings.Replace(to53, "\x35\x00", "\x42\x00", 1),
	} {
		p.asks(client, relay, header, "")
	}
	if got := dns.take(); got != "" {
		t.Errorf("the server is sent %q", got)
	}
	stranger.t.WriteTo([]byte("uninvited"), outlet)
	p.Settle()
	if got := client.take(); got != "" {
		t.Errorf("the client is sent %q", got)
	}
	p.asks(client, relay, to53, "still there")
	if got := dns.take(); !strings.HasSuffix(got, " still there") {
		t.Errorf("the server is sent %q", got)
	}
}

func TestAssociateWithAPortThatTheClientNames(t *testing.T) {
	p := newProxy(t, Config{})
	dns, client := p.socket("udp:53"), p.socket("udp:0:interface=127.0.0.1")
	port := addrPort(client.t.Host()).Port()
	reply := p.send(hello5 + string(binary.BigEndian.AppendUint16([]byte(associate5[:8]), port+1)))
	relay := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), binary.BigEndian.Uint16([]byte(reply[10:])))
	p.asks(client, relay, to53, "from the wrong port")
	if got := dns.take(); got != "" {
		t.Errorf("the server is sent %q", got)
	}
}

// Names that are slow to be resolved, and addresses without end, cost a bounded amount of memory.
func TestManyDatagrams(t *testing.T) {
	p := newProxy(t, Config{})
	p.Hosts["dns.example"] = []string{"10.0.0.53"}
	dns := p.socket("udp:53")
	relay := p.associated()
	client := p.socket("udp:0:interface=127.0.0.1")
	for range 100 {
		client.t.WriteTo([]byte(to53name), relay)
	}
	p.Settle()
	if n := len(dns.received); n == 0 || n > 100 {
		t.Errorf("%d datagrams arrive", n)
	}
	for i := range 2 * maxTalked {
		p.asks(client, relay, fmt.Sprintf("\x00\x00\x00\x01\x0a\x01%c%c\x00\x35", byte(i>>8), byte(i&0x7f)), "")
	}
	a := p.association()
	if a == nil || len(a.talked) > maxTalked || a.pending > 0 {
		t.Errorf("%+v is remembered", a)
	}
}

// association finds the proxy's only one, by way of its UDP port.
func (p *proxy) association() *association {
	return p.conn.Protocol().(*session).association
}

func TestAssociateIsNoCommandOfSOCKS4(t *testing.T) {
	p := newProxy(t, Config{})
	p.expect("\x04\x03\x00\x00\x00\x00\x00\x00\x00", no4)
	p = newProxy(t, Config{Commands: []string{CommandConnect}})
	p.expect(hello5+associate5, "\x05\x00"+fail5(notAllowed))
	p.closed()
}

// FuzzDatagram checks that a header which can be read is written back as it was, and that nothing else leaves the proxy.
func FuzzDatagram(f *testing.F) {
	for _, seed := range []string{to53 + "x", to53name, to53v6 + "yz", "\x00\x00\x01", "\x00\x00\x00\x03\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		to, payload, ok := parseDatagram(b)
		if !ok || to.name != "" {
			return
		}
		again, payload2, ok := parseDatagram(appendDatagram(nil, netip.AddrPortFrom(to.addr, to.port), payload))
		if !ok || again != to || string(payload2) != string(payload) {
			t.Errorf("%q becomes %+v %q", b, again, payload2)
		}
	})
}

// FuzzSession sends anything: what the client is sent depends on the bytes alone, and is short.
func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		connect4, connect4a, bind4, hello5 + connect5, hello5 + connect5n, hello5 + connect5v6, hello5 + bind5, hello5 + associate5,
		"\x05\x01\x02\x01\x03ann\x06secret" + connect5, "GET / HTTP/1.0\r\n\r\n",
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, input []byte, open bool) {
		c := Config{BindLow: 2000, BindHigh: 2000}
		if !open {
			c.Users = users
		}
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			factory, err := New(nil, c)
			if err != nil {
				t.Fatal(err)
			}
			return factory.BuildProtocol(nil), nil
		})
	})
}
