package host_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

// udp opens a socket on loopback.
func udp(t testing.TB) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestDatagramServer(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "listen=udp:loopback:*")})
	p.expect(abi.ConnectionMade)
	port := p.callText("listen", "udp:0:interface=127.0.0.1")
	if e := p.expect(abi.ConnectionMade); int64(e.a) != port || port <= 0 {
		t.Fatalf("%v, want port %d", e, port)
	}
	address := p.info(port, abi.InfoHost)
	for key, want := range map[int64]string{abi.InfoNetwork: "udp", abi.InfoPeer: abi.NotFound.Error(), 99: abi.Invalid.Error()} {
		if got := p.info(port, key); got != want {
			t.Errorf("conn_info %d: %q, want %q", key, got, want)
		}
	}
	peer, stranger := udp(t), udp(t)
	to, err := net.ResolveUDPAddr("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := peer.WriteTo([]byte("question"), to); err != nil {
		t.Fatal(err)
	}
	from := peer.LocalAddr().String()
	if e := p.expect(abi.DatagramReceived); int64(e.a) != port || e.data != "question"+from || e.b != 8 || int(e.c) != len(from) {
		t.Errorf("%v", e)
	}
	sendTo := func(text, to string) abi.Code {
		return abi.Code(p.doText(text+to, importNumber(t, "send_datagram"), port, int64(p.scratch), int64(len(text)),
			int64(p.scratch)+int64(len(text)), int64(len(to))))
	}
	if code := sendTo("answer", from); code != abi.OK {
		t.Errorf("answering: %d", code)
	}
	buf := make([]byte, 100)
	if n, _, err := peer.ReadFrom(buf); string(buf[:n]) != "answer" || err != nil {
		t.Errorf("the peer got %q, %v", buf[:n], err)
	}
	for to, want := range map[string]abi.Code{
		stranger.LocalAddr().String(): abi.Denied, // it has not asked, and no grant covers it
		"":                            abi.Invalid,
		"localhost:53":                abi.Invalid,
		strings.Repeat("1", 100):      abi.Invalid,
	} {
		if got := sendTo("x", to); got != want {
			t.Errorf("sending to %q: %d, want %d", to, got, want)
		}
	}
	if code := sendTo(strings.Repeat("x", 70_000), from); code != abi.TooBig {
		t.Errorf("a datagram of 70000 bytes: %d", code)
	}
	if code := p.callText("start_tls", "", port); abi.Code(code) != abi.Unsupported {
		t.Errorf("start_tls: %d", code)
	}
	if p.call("stop_listening", port) != 0 {
		t.Error("stop_listening fails")
	}
	if e := p.expect(abi.ConnectionLost); int64(e.a) != port || e.b != 0 {
		t.Errorf("%v", e)
	}
	if code := sendTo("x", from); code != abi.Handle {
		t.Errorf("sending from what is closed: %d", code)
	}
}

func TestDatagramClient(t *testing.T) {
	loopback := netip.MustParseAddr("127.0.0.1")
	w := newWorld(t, withNames(names{"server.example.org": {loopback}, "inside.example.org": {loopback}}))
	peer := udp(t)
	_, port, _ := net.SplitHostPort(peer.LocalAddr().String())
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=udp:127.0.0.1:"+port, "dial=udp:server.example.org:*")})
	p.expect(abi.ConnectionMade)
	for _, name := range []string{"127.0.0.1", "server.example.org"} {
		conn := p.callText("connect", "udp:"+name+":"+port)
		if e := p.expect(abi.ConnectionMade); int64(e.a) != conn {
			t.Fatalf("%v, want %d", e, conn)
		}
		if got := p.info(conn, abi.InfoPeer); got != peer.LocalAddr().String() {
			t.Errorf("peer %q", got)
		}
		if code := p.doText("hello", importNumber(t, "send_datagram"), conn, int64(p.scratch), 5, 0, 0); code != 0 {
			t.Errorf("send_datagram: %d", code)
		}
		buf := make([]byte, 100)
		n, from, err := peer.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "hello" {
			t.Fatalf("the peer got %q, %v", buf[:n], err)
		}
		if _, err := peer.WriteTo([]byte("hi"), from); err != nil {
			t.Fatal(err)
		}
		if e := p.expect(abi.DatagramReceived); e.data != "hi"+peer.LocalAddr().String() {
			t.Errorf("%v", e)
		}
		if got := p.info(conn, abi.InfoBytesIn) + " " + p.info(conn, abi.InfoBytesOut); got != "2 5" {
			t.Errorf("bytes in and out: %s", got)
		}
		p.call("lose_connection", conn)
		if e := p.expect(abi.ConnectionLost); int64(e.a) != conn || e.b != 0 {
			t.Errorf("%v", e)
		}
	}
	// A name that leads where no grant does.
	q, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=udp:*.example.org:*")})
	q.expect(abi.ConnectionMade)
	conn := q.callText("connect", "udp:inside.example.org:53")
	if e := q.expect(abi.ConnectFailed); int64(e.a) != conn || e.b != 14 {
		t.Errorf("%v, want reason 14", e)
	}
	if code := q.callText("connect", "udp:example.com:53"); abi.Code(code) != abi.Denied {
		t.Errorf("a name that is not granted: %d", code)
	}
}
