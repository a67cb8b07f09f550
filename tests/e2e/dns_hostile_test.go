package e2e

import (
	"encoding/binary"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

// udp opens a socket on loopback.
func udp(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// query asks for the address of name.
func query(t *testing.T, name string) []byte {
	t.Helper()
	n, err := message.ParseName(name, "")
	if err != nil {
		t.Fatal(err)
	}
	m := message.Message{Header: message.Header{ID: 7, RecursionDesired: true},
		Questions: []message.Question{{Name: n, Type: message.TypeA, Class: message.ClassIN}}}
	b, err := m.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A sandboxed forwarder takes the answer of the server that it asked, to the question that it asked, and nobody else's.
func TestDNSIgnoresForgedAnswers(t *testing.T) {
	upstream, stranger, client := udp(t), udp(t), udp(t)
	to := upstream.LocalAddr().String()
	s := serve(t, "run", "dns", "--listen", "udp:0:interface=127.0.0.1", "--set", "forward="+to, "--set", "timeouts=30s", "--allow", "dial=udp:"+to)
	server := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:" + s.port(0)))
	if _, err := client.WriteTo(query(t, "host.test."), server); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 4096)
	n, from, err := upstream.ReadFrom(buf)
	if err != nil {
		t.Fatal(err)
	}
	asked, err := message.Decode(buf[:n])
	if err != nil {
		t.Fatal(err)
	}
	answer := func(address string, change func(*message.Message)) []byte {
		m := *asked
		m.Response, m.Additional = true, nil
		m.Answers = []message.Record{{Name: m.Questions[0].Name, Type: message.TypeA, Class: message.ClassIN, TTL: 60, Data: address}}
		change(&m)
		b, err := m.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const wrong, right = "\x06\x06\x06\x06", "\x01\x02\x03\x04"
	send := func(c *net.UDPConn, msg []byte) {
		t.Helper()
		if _, err := c.WriteTo(msg, from); err != nil {
			t.Fatal(err)
		}
	}
	send(stranger, answer(wrong, func(*message.Message) {}))
	send(upstream, answer(wrong, func(m *message.Message) { m.ID ^= 1 }))
	send(upstream, answer(wrong, func(m *message.Message) { m.Response = false }))
	send(upstream, answer(wrong, func(m *message.Message) { m.Questions = []message.Question{{Name: "\x01x\x00", Type: 1, Class: 1}} }))
	send(upstream, make([]byte, 1500))
	send(upstream, nil)
	whole := answer(wrong, func(*message.Message) {})
	send(upstream, whole[:len(whole)-1])
	send(upstream, answer(right, func(*message.Message) {}))
	if n, _, err = client.ReadFrom(buf); err != nil {
		t.Fatal(err)
	}
	if m, err := message.Decode(buf[:n]); err != nil || m.ID != 7 || len(m.Answers) != 1 || m.Answers[0].Data != right {
		t.Errorf("the client saw %+v, %v", m, err)
	}
}

// Whatever is sent to a name server, it goes on answering others, and the sandbox never fails.
func TestDNSAmongHostilePeers(t *testing.T) {
	s := serveZone(t, "--set", "idle-timeout=500ms")
	random := mathrand.New(mathrand.NewPCG(1, 2))
	peer := udp(t)
	server := net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:" + s.port(0)))
	good := query(t, "web.example.")
	for range 3000 {
		msg := append([]byte(nil), good...)
		switch random.IntN(4) {
		case 0:
			msg = msg[:random.IntN(len(msg))]
		case 1:
			msg[random.IntN(len(msg))] = byte(random.Uint32())
		case 2:
			msg = append(msg, make([]byte, random.IntN(60_000))...)
		default:
			for i := range msg {
				msg[i] = byte(random.Uint32())
			}
		}
		if _, err := peer.WriteTo(msg, server); err != nil {
			t.Fatal(err)
		}
	}
	var peers []net.Conn
	for range 20 {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port(1))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		peers = append(peers, c)
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
	}
	framed := binary.BigEndian.AppendUint16(nil, uint16(len(good)))
	framed = append(framed, good...)
	for i, c := range peers {
		switch i % 4 {
		case 0: // says nothing
		case 1: // says half of something
			_, _ = c.Write(framed[:len(framed)/2])
		case 2: // says what is no query, as long as it is listened to
			_, _ = c.Write([]byte("\x00\x01x" + strings.Repeat("\xff", 100_000)))
		case 3: // asks and asks, and leaves
			_, _ = c.Write([]byte(strings.Repeat(string(framed), 100)))
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
	}
	if got := dig(t, s.port(0), "+norec", "web.example A")[0]; !strings.Contains(got, "192.0.2.3") {
		t.Errorf("a neighbour saw %s", got)
	}
	if got := dig(t, s.port(1), "+norec +tcp", "web.example A")[0]; !strings.Contains(got, "192.0.2.3") {
		t.Errorf("a neighbour over TCP saw %s", got)
	}
	for i, c := range peers { // who asked for nothing is told nothing, and is let go
		if rest, _ := io.ReadAll(c); i%4 < 3 && len(rest) > 0 {
			t.Errorf("peer %d was sent %x", i, rest)
		}
	}
	if log := s.logged(); strings.Contains(log, "instance failed") || strings.Contains(log, "level=ERROR") {
		t.Errorf("the sandbox failed:\n%s", log)
	}
}
