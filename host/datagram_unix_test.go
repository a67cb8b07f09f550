//go:build unix

package host_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// unixgram opens a UNIX socket for datagrams, without a name if that is empty.
func unixgram(t testing.TB, name, to string) *net.UnixConn {
	t.Helper()
	address := func(name string) *net.UnixAddr {
		if name == "" {
			return nil
		}
		return &net.UnixAddr{Name: name, Net: "unixgram"}
	}
	var c *net.UnixConn
	var err error
	if to == "" {
		c, err = net.ListenUnixgram("unixgram", address(name))
	} else {
		c, err = net.DialUnix("unixgram", address(name), address(to))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// hear reads a datagram and compares.
func hear(t testing.TB, c *net.UnixConn, want string) {
	t.Helper()
	buf := make([]byte, 100)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
		t.Errorf("received %q, %v; want %q", buf[:n], err, want)
	}
}

func gram(name string) string { return "unixgram:" + endpoint.Quote(name) }

// sendTo sends a datagram from a port to an address.
func (p *puppet) sendTo(port int64, text, to string) abi.Code {
	p.Helper()
	return abi.Code(p.doText(text+to, importNumber(p, "send_datagram"), port, int64(p.scratch), int64(len(text)),
		int64(p.scratch)+int64(len(text)), int64(len(to))))
}

func TestUNIXDatagramServer(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	at, elsewhere := filepath.Join(folder, "server"), filepath.Join(folder, "elsewhere")
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "listen=unixgram:"+at, "dial=unixgram:"+folder+"/granted",
		"dial=unix:"+elsewhere, "listen=unix:"+elsewhere, "listen=*:*:*")})
	p.expect(abi.ConnectionMade)
	for text, want := range map[string]abi.Code{
		gram(elsewhere): abi.Denied, gram(folder + "/./server"): abi.Denied, "unixgram:server": abi.Denied,
		"unixgram:": abi.Invalid, gram(at) + ":mode=9": abi.Invalid, gram(at) + ":port=1": abi.Invalid,
	} {
		if got := p.callText("listen", text); abi.Code(got) != want {
			t.Errorf("listen %q: %d, want %d", text, got, want)
		}
	}
	port := p.callText("listen", gram(at)+":mode=600")
	if e := p.expect(abi.ConnectionMade); int64(e.a) != port || port <= 0 {
		t.Fatalf("%v, want port %d", e, port)
	}
	if got := p.callText("listen", gram(at)+":lockfile=0"); abi.Code(got) != abi.Conflict {
		t.Errorf("listening twice: %d", got)
	}
	for key, want := range map[int64]string{abi.InfoNetwork: "unixgram", abi.InfoHost: at,
		abi.InfoPeer: abi.NotFound.Error(), abi.InfoEndpoint: gram(at) + ":mode=600"} {
		if got := p.info(port, key); got != want {
			t.Errorf("conn_info %d: %q, want %q", key, got, want)
		}
	}
	if info, err := os.Stat(at); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket's file: %v, %v", info, err)
	}

	from := filepath.Join(folder, "client")
	named, stranger := unixgram(t, from, at), unixgram(t, elsewhere, "")
	send(t, named, "question")
	if e := p.expect(abi.DatagramReceived); int64(e.a) != port || e.data != "question"+from || e.b != 8 || int(e.c) != len(from) {
		t.Errorf("%v", e)
	}
	if code := p.sendTo(port, "answer", from); code != abi.OK {
		t.Errorf("answering: %d", code)
	}
	hear(t, named, "answer")

	send(t, unixgram(t, "", at), "anonymous")
	if e := p.expect(abi.DatagramReceived); e.data != "anonymous" || e.c != 0 {
		t.Errorf("%v", e)
	}
	for to, want := range map[string]abi.Code{
		elsewhere:                abi.Denied, // it has not asked, and no grant for datagrams covers it
		"":                       abi.Invalid,
		"client":                 abi.Invalid,
		"@":                      abi.Invalid,
		from + "\x00":            abi.Invalid,
		strings.Repeat("/", 109): abi.Invalid,
		folder + "/granted":      abi.NotFound, // granted, and nobody is there
	} {
		if got := p.sendTo(port, "x", to); got != want {
			t.Errorf("sending to %q: %d, want %d", to, got, want)
		}
	}
	stranger.Close()
	granted := unixgram(t, filepath.Join(folder, "granted"), "")
	if code := p.sendTo(port, "unasked", granted.LocalAddr().String()); code != abi.OK {
		t.Errorf("sending where a grant allows it: %d", code)
	}
	hear(t, granted, "unasked")
	if code := p.sendTo(port, strings.Repeat("x", 70_000), from); code != abi.TooBig {
		t.Errorf("a datagram of 70000 bytes: %d", code)
	}
	if code := p.callText("start_tls", "", port); abi.Code(code) != abi.Unsupported {
		t.Errorf("start_tls: %d", code)
	}
	p.call("stop_listening", port)
	if e := p.expect(abi.ConnectionLost); int64(e.a) != port || e.b != 0 {
		t.Errorf("%v", e)
	}
	for _, name := range []string{at, at + ".lock"} {
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is left: %v", name, err)
		}
	}
}

// What a peer calls itself can be a name in its own working directory, which in the host's is another socket, or none.
func TestUNIXDatagramsOfRelativeNames(t *testing.T) {
	w := newWorld(t)
	t.Chdir(t.TempDir())
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(folder, "server")
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "listen=unixgram:"+at)})
	p.expect(abi.ConnectionMade)
	port := p.callText("listen", gram(at))
	p.expect(abi.ConnectionMade)
	send(t, unixgram(t, "relative", at), "hello")
	if e := p.expect(abi.DatagramReceived); e.data != "hello" || e.c != 0 {
		t.Errorf("%v", e)
	}
	if code := p.sendTo(port, "x", "relative"); code != abi.Invalid {
		t.Errorf("answering it: %d", code)
	}
}

func TestUNIXDatagramClient(t *testing.T) {
	w := newWorld(t)
	folder := t.TempDir()
	at, own := filepath.Join(folder, "server"), filepath.Join(folder, "own")
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "dial=unixgram:"+at, "listen=unixgram:"+own)})
	p.expect(abi.ConnectionMade)
	if got := p.callText("connect", gram(at)); abi.Code(got) != abi.NotFound {
		t.Errorf("connecting to nobody: %d", got)
	}
	server := unixgram(t, at, "")
	for text, want := range map[string]abi.Code{
		gram(own): abi.Denied, // granted to listen
		gram(at) + ":bindAddress=" + endpoint.Quote(at): abi.Denied, // granted to dial
		gram(at) + ":bindAddress=":                      abi.Invalid,
	} {
		if got := p.callText("connect", text); abi.Code(got) != want {
			t.Errorf("connect %q: %d, want %d", text, got, want)
		}
	}
	for _, c := range []struct{ text, host string }{{gram(at), ""}, {gram(at) + ":bindAddress=" + endpoint.Quote(own), own}} {
		conn := p.callText("connect", c.text)
		if e := p.expect(abi.ConnectionMade); int64(e.a) != conn {
			t.Fatalf("%v, want %d", e, conn)
		}
		if peer, host := p.info(conn, abi.InfoPeer), p.info(conn, abi.InfoHost); peer != at || host != c.host {
			t.Errorf("peer %q, host %q", peer, host)
		}
		if code := p.sendTo(conn, "to the peer", at); code != abi.Invalid {
			t.Errorf("an address on a connected port: %d", code)
		}
		if code := p.sendTo(conn, "hello", ""); code != abi.OK {
			t.Errorf("send_datagram: %d", code)
		}
		hear(t, server, "hello")
		if c.host != "" {
			if got := p.callText("connect", c.text); abi.Code(got) != abi.Conflict {
				t.Errorf("a name that is taken: %d", got)
			}
			if _, err := server.WriteTo([]byte("hi"), &net.UnixAddr{Name: own, Net: "unixgram"}); err != nil {
				t.Fatal(err)
			}
			if e := p.expect(abi.DatagramReceived); e.data != "hi"+at {
				t.Errorf("%v", e)
			}
		}
		p.call("lose_connection", conn)
		p.expect(abi.ConnectionLost)
	}
}

// A socket that the operator opens outlives the guests that trap on what is sent to it.
func TestServedUNIXDatagrams(t *testing.T) {
	w := newWorld(t)
	at := filepath.Join(t.TempDir(), "server")
	s := w.service(w.load("echo.wasm", withManifest(guestbuild.WatText(t, datagramEcho), `{"isolation":"service"}`)),
		host.ServiceConfig{Isolation: host.PerConnection})
	port, err := s.Listen(gram(at))
	if err != nil {
		t.Fatal(err)
	}
	if port.Host().String() != at {
		t.Errorf("it listens on %s", port.Host())
	}
	c := unixgram(t, at+".client", at)
	ask := func(text, want string) {
		t.Helper()
		send(t, c, text)
		hear(t, c, want)
	}
	ask("one", "1one")
	ask("two", "2two")
	send(t, unixgram(t, "", at), "who am I?") // cannot be answered
	send(t, c, "!")
	ask("again", "1again")
	if got := s.Stats().Traps; got != 1 {
		t.Errorf("%d traps", got)
	}
	if _, err := s.Listen(gram(at)); err == nil {
		t.Error("listening twice: no error")
	}
	if _, err := w.service(w.load("stream.wasm", wat(t, "echo.wat")), host.ServiceConfig{}).Listen(gram(at + "2")); err == nil {
		t.Error("a module that takes no datagrams: no error")
	}
}
