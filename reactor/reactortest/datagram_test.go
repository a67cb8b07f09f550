package reactortest_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// gram is a DatagramProtocol that writes down what it hears.
type gram struct {
	calls
	protocol.DatagramTransport
}

func (g *gram) StartProtocol(t protocol.DatagramTransport) {
	g.DatagramTransport = t
	g.add("start")()
}

func (g *gram) DatagramReceived(data []byte, from netip.AddrPort) {
	g.add(fmt.Sprintf("%s from %v", data, from))()
}
func (g *gram) StopProtocol(reason error) { g.add(fmt.Sprint("stop ", reason))() }
func (g *gram) ConnectionRefused()        { g.add("refused")() }

func TestDatagrams(t *testing.T) {
	r := reactortest.NewReactor()
	server, client := &gram{}, &gram{}
	port, err := r.ListenUDP("udp:53", server)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.ConnectUDP("udp:localhost:53", client); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	server.check(t, "start")
	client.check(t, "start")
	from := client.Host().(protocol.UDPAddress).AddrPort
	client.Write([]byte("ask"))
	r.Settle()
	server.check(t, fmt.Sprintf("ask from %v", from))
	server.WriteTo([]byte("tell"), from)
	r.Settle()
	client.check(t, "tell from 127.0.0.1:53")
	if peer, ok := client.Peer(); !ok || peer.String() != "127.0.0.1:53" {
		t.Errorf("peer %v, %v", peer, ok)
	}
	if _, ok := server.Peer(); ok {
		t.Error("the server has a peer")
	}

	if err := server.Write(nil); !errors.Is(err, protocol.ErrUnsupported) {
		t.Errorf("Write on a port without a peer: %v", err)
	}
	if err := client.Write(make([]byte, 65508)); !errors.Is(err, protocol.ErrMessageTooLong) {
		t.Errorf("Write of too much: %v", err)
	}
	r.DropDatagram = func(data []byte, _, to protocol.Address) bool {
		return string(data) == "lost" && to.String() == "127.0.0.1:53"
	}
	client.Write([]byte("lost"))
	client.Write([]byte("found"))
	r.Settle()
	server.check(t, fmt.Sprintf("found from %v", from))

	port.StopListening()
	if err := server.WriteTo([]byte("x"), from); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("WriteTo after StopListening: %v", err)
	}
	r.Settle()
	server.check(t, "stop <nil>")
	client.Write([]byte("anybody?"))
	r.Settle()
	client.check(t, "refused")
}

func TestDatagramsFail(t *testing.T) {
	r := reactortest.NewReactor()
	if _, err := r.ListenUDP("udp:53", &gram{}); err != nil {
		t.Fatal(err)
	}
	for _, endpoint := range []string{"udp:53", "tcp:53", "udp", "udp:53:interface=nowhere"} {
		if _, err := r.ListenUDP(endpoint, &gram{}); !errors.Is(err, protocol.ErrCannotListen) {
			t.Errorf("ListenUDP(%q): %v", endpoint, err)
		}
	}
	for _, endpoint := range []string{"tcp:localhost:53", "udp"} {
		if _, err := r.ConnectUDP(endpoint, &gram{}); err == nil {
			t.Errorf("ConnectUDP(%q) did not fail", endpoint)
		}
	}
	unknown := &gram{}
	if _, err := r.ConnectUDP("udp:nowhere:53", unknown); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	unknown.check(t, `stop name could not be resolved: "nowhere" is not in Hosts`)
}

func TestDatagramPair(t *testing.T) {
	a, b, c := &gram{}, &gram{}, &gram{}
	r := reactortest.NewDatagramPair(a, b)
	r.Settle()
	a.Write([]byte("ping"))
	r.Settle()
	b.check(t, fmt.Sprintf("start ping from %v", a.Host()))
	if _, err := r.ListenUDP("udp:9", c); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	// A connected port hears nobody but its peer.
	c.WriteTo([]byte("psst"), b.Host().(protocol.UDPAddress).AddrPort)
	r.Settle()
	b.check(t, "")
	r.Close()
	b.check(t, "stop <nil>")
}
