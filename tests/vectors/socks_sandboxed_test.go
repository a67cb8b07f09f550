package vectors

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// A socksWorld is a case's world on this machine. Each of the case's addresses is a loopback address of its own, and its
// ports are ports that are free; what the proxy replies is read back into the case's addresses.
type socksWorld struct {
	*socksCase
	real map[netip.Addr]netip.Addr         // by the case's addresses
	told map[netip.AddrPort]netip.AddrPort // the case's, by the real ones
	port uint16                            // of the servers

	mu   sync.Mutex
	seen observed
}

// granted is the code of a reply that a request has not failed.
const granted = 90

// marker is what the other end of a connection sends when it is there. No reply ends with it.
const marker = "the other end is here"

// here is the loopback address that an address of the case has.
func (w *socksWorld) here(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return a
	}
	if _, ok := w.real[a]; !ok {
		w.real[a] = netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + len(w.real))})
	}
	return w.real[a]
}

// LookupNetIP is the resolver of the case.
func (w *socksWorld) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []netip.Addr
	for _, text := range w.hosts[name] {
		all = append(all, w.here(netip.MustParseAddr(text)))
	}
	if all == nil {
		return nil, fmt.Errorf("%q is not in the case's resolver", name)
	}
	return all, nil
}

// serveTargets opens servers, on one port, where the request may lead to.
func (w *socksWorld) serveTargets(t *testing.T) {
	for _, ip := range w.targets() {
		l, err := net.Listen("tcp", netip.AddrPortFrom(w.here(ip), w.port).String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		at := l.Addr().(*net.TCPAddr).AddrPort()
		asked := netip.AddrPortFrom(ip, w.target.Port())
		w.port, w.told[at] = at.Port(), asked
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				w.mu.Lock()
				w.seen["connect"] = asked.String()
				w.mu.Unlock()
				io.WriteString(c, marker)
				t.Cleanup(func() { c.Close() })
			}
		}()
	}
}

// translate puts the addresses of this machine into a request, and cuts it as it was.
func (w *socksWorld) translate(chunks [][]byte) [][]byte {
	request := slices.Concat(chunks...)
	if !w.bind {
		binary.BigEndian.PutUint16(request[2:], w.port)
	}
	if w.name == "" {
		copy(request[4:socks4Header], w.here(w.target.Addr()).AsSlice())
	}
	var cut [][]byte
	for _, c := range chunks {
		cut = append(cut, request[:len(c):len(c)])
		request = request[len(c):]
	}
	return cut
}

// read gives a reply with the case's addresses in the place of this machine's.
func (w *socksWorld) read(reply []byte) string {
	if len(reply) >= socks4Header {
		port := binary.BigEndian.Uint16(reply[2:])
		at := netip.AddrPortFrom(netip.AddrFrom4([4]byte(reply[4:socks4Header])), port)
		if asked, ok := w.told[at]; ok {
			binary.BigEndian.PutUint16(reply[2:], asked.Port())
			copy(reply[4:], asked.Addr().AsSlice())
		}
	}
	return fmt.Sprintf("%x", reply)
}

func (s *socksCase) playOverSockets(t *testing.T, chunks [][]byte) observed {
	w := &socksWorld{socksCase: s, real: map[netip.Addr]netip.Addr{}, told: map[netip.AddrPort]netip.AddrPort{}, seen: observed{}}
	if !s.bind {
		w.serveTargets(t)
	}
	here := *s.script
	here.config = map[string]string{}
	if s.listen.IsValid() {
		here.config["bind-address"] = w.here(s.listen.Addr()).String()
	}
	m := here.serve(t, w, grantsOf(t, "dial=tcp:loopback:*", "listen=tcp:loopback:0", "resolve"))
	defer m.stop()
	c := dial(t, m.addr)
	defer c.Close()
	sent := 0
	for _, chunk := range w.translate(chunks) {
		if _, err := c.Write(chunk); err != nil {
			break // the proxy has closed, which is seen below
		}
		sent += len(chunk)
		known := min(sent, s.length) // what follows the request may pass the module by
		m.guest.await(t, func(g *witness) bool { return g.received >= known || g.lost || g.closes })
	}
	var output []byte
	closed := false
	switch {
	case s.incoming.IsValid():
		w.visit(t, c)
		output, closed = readToMarker(t, c)
	case s.bind:
		output, closed = w.readBound(t, c)
	default:
		output, closed = readToMarker(t, c)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen["output"], w.seen["close"] = w.read(output), fmt.Sprint(closed)
	if s.incoming.IsValid() {
		w.seen["incoming_accepted"] = fmt.Sprint(!closed)
	}
	return w.seen
}

// visit reads the first reply to BIND and connects from the address of the case's incoming connection.
func (w *socksWorld) visit(t *testing.T, c net.Conn) {
	first := make([]byte, socks4Header)
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatalf("the first reply: %v", err)
	}
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte(first[4:])), binary.BigEndian.Uint16(first[2:]))
	w.told[at] = w.listen
	w.seen["first_reply"] = w.read(first)
	w.mu.Lock()
	from := net.TCPAddrFromAddrPort(netip.AddrPortFrom(w.here(w.incoming.Addr()), 0))
	w.mu.Unlock()
	visitor, err := (&net.Dialer{LocalAddr: from}).Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { visitor.Close() })
	io.WriteString(visitor, marker) // a reset is seen by the client's end
}

// readBound reads the first reply to BIND, after which nothing comes unless it is the last one.
func (w *socksWorld) readBound(t *testing.T, c net.Conn) (output []byte, closed bool) {
	t.Helper()
	first := make([]byte, socks4Header)
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatalf("the first reply: %v", err)
	}
	if first[1] != granted {
		rest, closed := readToMarker(t, c)
		return append(first, rest...), closed
	}
	w.told[netip.AddrPortFrom(netip.AddrFrom4([4]byte(first[4:])), binary.BigEndian.Uint16(first[2:]))] = w.listen
	return first, false
}

// readToMarker reads what the client is sent, up to where the other end speaks, or closed says that the proxy has closed.
func readToMarker(t *testing.T, c net.Conn) (output []byte, closed bool) {
	t.Helper()
	for b := make([]byte, 1024); ; {
		n, err := c.Read(b)
		output = append(output, b[:n]...)
		if rest, ok := bytes.CutSuffix(output, []byte(marker)); ok {
			return rest, false
		}
		if err != nil {
			if err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
			return output, true
		}
	}
}

func grantsOf(t *testing.T, texts ...string) host.Grants {
	t.Helper()
	var g host.Grants
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}
