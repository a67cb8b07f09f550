package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// guestTransferSize is more than the kernel holds for a connection whose other end has not begun to read.
const guestTransferSize = 8 << 20

// poke is a socket by which a test tells a guest that reads nothing else to go on.
type poke struct {
	net.PacketConn
	t *testing.T
}

func newPoke(t *testing.T) *poke {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &poke{c, t}
}

// hear waits for a datagram and returns who has sent it; nobody within a time that is not for ever.
func (c *poke) hear(want string, within time.Duration) (from net.Addr) {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		c.t.Fatal(err)
	}
	b := make([]byte, 100)
	n, from, err := c.ReadFrom(b)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil
	case err != nil || string(b[:n]) != want:
		c.t.Fatalf("the guest sends %q, %v, want %q", b[:n], err, want)
	}
	return from
}

// say sends text until the guest answers: a datagram that finds it busy is dropped.
func (c *poke) say(to net.Addr, text, answer string) {
	c.t.Helper()
	for late := time.Now().Add(trial.Patience); ; {
		if _, err := c.WriteTo([]byte(text), to); err != nil {
			c.t.Fatal(err)
		}
		if c.hear(answer, 100*time.Millisecond) != nil {
			return
		}
		if time.Now().After(late) {
			c.t.Fatalf("the guest does not answer %q", text)
		}
	}
}

// TestGuestTransfer moves megabytes in both directions at once between a guest and Twisted. The slow end does not read
// until the other end's producer was paused.
func TestGuestTransfer(t *testing.T) {
	for _, c := range []struct {
		network       trial.Network
		who           side
		kind          string // of the guest's producer
		twistedIsSlow bool
	}{
		{trial.TCP, oursListens, "push", true},
		{trial.TCP, twistedListens, "push", false},
		{trial.TLS, twistedListens, "push", true},
		{trial.TLS, oursListens, "pull", false},
		{trial.UNIX, oursListens, "pull", true},
	} {
		slow := "the guest"
		if c.twistedIsSlow {
			slow = "Twisted"
		}
		t.Run(fmt.Sprintf("%s/%s/%s/%s is slow", c.network.Name, c.who, c.kind, slow), func(t *testing.T) {
			g := newGuest(t)
			produce := fmt.Sprintf("count %d, %s %d", guestTransferSize, c.kind, guestTransferSize)
			begin, options := "made", []string{strconv.Itoa(guestTransferSize)}
			if c.network.Name == trial.TLS.Name {
				begin = "handshake"
			}
			var p *twisted
			if c.twistedIsSlow {
				script := begin + ": " + produce
				if c.kind == "push" {
					script += "\n paused:"
				}
				p = g.join(c.network, c.who, script, "transfer.py", append(options, "slow")...)
				g.expectBegin(begin)
				if c.kind == "push" {
					g.expect("paused")
				}
				p.expect("made")
				p.do("read", nil)
			} else {
				poke := newPoke(t)
				p = g.join(c.network, c.who, begin+": pause, "+produce+", dial-udp udp:"+poke.LocalAddr().String()+
					"\n udp connected: send ready\n heard go: resume, send gone", "transfer.py", options...)
				g.expectBegin(begin)
				g.expect("udp connected")
				to := poke.hear("ready", trial.Patience)
				if to == nil {
					t.Fatal("the guest is not ready")
				}
				p.expect("made")
				for e := p.next(); e.Event != "paused"; e = p.next() {
					if e.Event != "received" {
						t.Fatalf("Twisted: %+v although the guest does not read", e)
					}
					p.early = append(p.early, e)
				}
				poke.say(to, "go", "gone")
			}
			compareTransfer(t, g, p)
			p.do("lose", nil)
			p.expectLost("ConnectionDone")
			g.close()
		})
	}
}

// expectBegin takes what a guest tells before its transfer.
func (g *guest) expectBegin(begin string) {
	g.t.Helper()
	g.expect("made")
	if begin == "handshake" {
		g.expect("handshake")
	}
}

// compareTransfer waits for both ends of both directions, and compares counts and hashes.
func compareTransfer(t *testing.T, g *guest, p *twisted) {
	t.Helper()
	ours := map[string]string{}
	for len(ours) < 2 {
		what, sum, _ := strings.Cut(g.expect("*"), " ")
		switch what {
		case "sent", "received":
			ours[what] = sum
		case "heard":
		default:
			t.Fatalf("the guest told %q in the middle of a transfer", what+" "+sum)
		}
	}
	theirs := map[string]event{}
	for _, e := range p.early {
		theirs[e.Event] = e
	}
	for len(theirs) < 2 {
		if e := p.next(); e.Event != "paused" {
			theirs[e.Event] = e
		}
	}
	if got := theirs["received"]; got.Bytes != guestTransferSize || got.SHA256 != ours["sent"] || ours["sent"] != puppetsBytes() {
		t.Errorf("Twisted received %d bytes with the hash %s, the guest sent %d with %s", got.Bytes, got.SHA256, guestTransferSize, ours["sent"])
	}
	if got := theirs["sent"]; got.Bytes != guestTransferSize || got.SHA256 != ours["received"] {
		t.Errorf("Twisted sent %d bytes with the hash %s, the guest received %s", got.Bytes, got.SHA256, ours["received"])
	}
}

// puppetsBytes is the hash of what a puppet sends.
func puppetsBytes() string {
	b := make([]byte, guestTransferSize)
	for i := range b {
		b[i] = byte(i % 251)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestGuestUDP exchanges datagrams: a guest that is connected to a port of Twisted's, and one that listens.
func TestGuestUDP(t *testing.T) {
	g := newGuest(t)
	p := startTwisted(t, "datagram.py", "127.0.0.1")
	theirs := p.expect("listening").Address
	g.exec("start: dial-udp udp:"+theirs+"\n udp connected: send hello\n heard more: send end", "")
	first := p.expect("datagram")
	from := netip.MustParseAddrPort(first.Address)
	if string(first.bytes(t)) != "hello" {
		t.Errorf("Twisted heard %q", first.bytes(t))
	}
	p.do("write to", command{"data": hex.EncodeToString([]byte("more")), "host": "127.0.0.1", "port": from.Port()})
	if e := p.expect("datagram"); string(e.bytes(t)) != "end" || e.Address != first.Address {
		t.Errorf("Twisted heard %q from %s", e.bytes(t), e.Address)
	}
	g.expect("udp connected", "heard more")
	g.close()

	g = newGuest(t)
	g.exec("start: listen-udp udp:0:interface=127.0.0.1, tell-port", "")
	_, port, _ := strings.Cut(g.expect("port *"), " ")
	at, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	p = startTwisted(t, "datagram.py", "127.0.0.1")
	p.expect("listening")
	p.do("connect", command{"host": "127.0.0.1", "port": at})
	p.do("write", command{"data": hex.EncodeToString([]byte("hello"))})
	if e := p.expect("datagram"); string(e.bytes(t)) != "re:hello" {
		t.Errorf("Twisted heard %q", e.bytes(t))
	}
	g.expect("udp listening", "heard hello")
	g.close()
}
