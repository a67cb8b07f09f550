package reactortest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// unixGram is a UNIXDatagramProtocol that writes down what it hears.
type unixGram struct {
	calls
	protocol.UNIXDatagramTransport
}

func (g *unixGram) StartProtocol(t protocol.UNIXDatagramTransport) {
	g.UNIXDatagramTransport = t
	g.add("start")()
}

func (g *unixGram) DatagramReceived(data []byte, from protocol.UNIXAddress) {
	g.add(fmt.Sprintf("%s from %q", data, from.Name))()
}

func (g *unixGram) StopProtocol(reason error) { g.add(fmt.Sprint("stop ", reason))() }
func (g *unixGram) ConnectionRefused()        { g.add("refused")() }

func TestUNIXDatagrams(t *testing.T) {
	r := reactortest.NewReactor()
	server, client, nameless := &unixGram{}, &unixGram{}, &unixGram{}
	if _, err := r.ConnectUNIXDatagram("unixgram:/s", client); !errors.Is(err, protocol.ErrConnectionRefused) {
		t.Errorf("connecting to nobody: %v", err)
	}
	port, err := r.ListenUNIXDatagram("unixgram:/s", server)
	if err != nil {
		t.Fatal(err)
	}
	for g, text := range map[*unixGram]string{client: "unixgram:/s:bindAddress=@c", nameless: "unixgram:/s"} {
		if _, err := r.ConnectUNIXDatagram(text, g); err != nil {
			t.Fatal(err)
		}
	}
	r.Settle()
	for _, g := range []*unixGram{server, client, nameless} {
		g.check(t, "start")
	}
	client.Write([]byte("ask"))
	r.Settle()
	server.check(t, `ask from "@c"`)
	server.WriteTo([]byte("tell"), protocol.UNIXAddress{Name: "@c"})
	r.Settle()
	client.check(t, `tell from "/s"`)
	nameless.WriteTo([]byte("hello"), protocol.UNIXAddress{Name: "/s"})
	r.Settle()
	server.check(t, `hello from ""`)
	if peer, ok := client.Peer(); !ok || peer.String() != "/s" || client.Host().String() != "@c" {
		t.Errorf("peer %v, %v; host %v", peer, ok, client.Host())
	}
	if _, ok := server.Peer(); ok || server.Reactor() != protocol.Reactor(r) {
		t.Error("the server has a peer, or another reactor")
	}

	for name, err := range map[string]error{
		"nameless":      server.WriteTo(nil, protocol.UNIXAddress{}),
		"not connected": server.Write(nil),
		"other peer":    client.WriteTo(nil, protocol.UNIXAddress{Name: "@c"}),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := server.WriteTo(nil, protocol.UNIXAddress{Name: "/x"}); !errors.Is(err, protocol.ErrConnectionRefused) {
		t.Errorf("WriteTo nobody: %v", err)
	}
	if err := client.Write(make([]byte, 64<<10+1)); !errors.Is(err, protocol.ErrMessageTooLong) {
		t.Errorf("Write of too much: %v", err)
	}
	if _, err := r.ListenUNIXDatagram("unixgram:/s", &unixGram{}); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := r.ConnectUNIXDatagram("unixgram:/s:bindAddress=@c", &unixGram{}); !errors.Is(err, protocol.ErrConnectBind) {
		t.Errorf("an own name that is taken: %v", err)
	}
	if _, err := r.ListenUNIXDatagram("unix:/t", &unixGram{}); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("a stream endpoint: %v", err)
	}
	if _, err := r.ConnectUNIXDatagram("udp:127.0.0.1:1", &unixGram{}); err == nil {
		t.Error("a UDP endpoint was connected")
	}

	r.DropDatagram = func(data []byte, _, to protocol.Address) bool { return string(data) == "lost" && to.String() == "/s" }
	client.Write([]byte("lost"))
	client.Write([]byte("found"))
	r.Settle()
	server.check(t, `found from "@c"`)

	port.StopListening()
	if err := server.WriteTo(nil, protocol.UNIXAddress{Name: "@c"}); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("WriteTo after StopListening: %v", err)
	}
	r.Settle()
	server.check(t, "stop <nil>")
	client.Write([]byte("anybody?"))
	r.Settle()
	client.check(t, "refused")
	r.Close()
	client.check(t, "stop <nil>")
	nameless.check(t, "stop <nil>")
}
