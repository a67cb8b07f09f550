package hostile

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
)

// testCloseInEvent closes a connection from inside each event, in each way.
func testCloseInEvent(t *testing.T, g *guest) {
	a := newArena(t)
	m := a.load(g)
	much := strings.Repeat("w", 64) // 16 MiB, which is more than the kernel takes while the peer does not read
	for event, bring := range map[string]string{
		"connection_made":       "",
		"data_received":         "x",
		"connection_lost":       "",
		"read_connection_lost":  "",
		"write_connection_lost": "h",
		"pause_producing":       much,
		"resume_producing":      much,
		"timer_fired":           "t",
	} {
		for how, want := range map[string]ending{"lose": closed, "abort": reset, "half": closed} {
			t.Run(event+" "+how, func(t *testing.T) {
				name := event + "-" + how
				s := a.serve(m, host.ServiceConfig{Name: name, Limits: host.Limits{Output: 64 << 20},
					Config: map[string]string{"event": event, "how": how}})
				p := s.dialReset()
				switch {
				case p == nil:
					if want != reset || event != "connection_made" {
						t.Error("the connection was reset at once")
					}
				case event == "connection_lost":
					p.abort() // the guest leaves half-closed connections open
				default:
					p.send(bring)
					if event == "read_connection_lost" {
						p.CloseWrite()
					}
					if event == "write_connection_lost" {
						want = closed // which the peer has seen already
					}
					if bring == much {
						a.log.wait(t, 1, "msg", "paused", "service", name) // a peer that reads at once may keep up
					}
					if _, got := p.rest(); got != want {
						t.Errorf("the connection was %s, want %s", got, want)
					}
					p.Close()
				}
				if end := a.log.once(t, "msg", "connection closed", "service", name); end["reason"] == "" {
					t.Errorf("logged as %q, want a reason", end)
				}
				s.uneventful()
			})
		}
	}
}

// What the guest of handles tries: this many imports, of which unsubscribe is not offered by this host, and the last use
// other handles than the one in the data.
const (
	handleImports     = 20
	unsubscribe       = 15
	otherHandlesFirst = 16
)

func testHandles(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	// The victim's instance has more handles than the attacker's.
	victim := s.dial()
	theirs := victim.number()
	p := s.dial()
	mine := p.number()
	for n := range handleImports {
		for _, h := range []int{0, -1, -1 << 31, 1<<31 - 1, mine + 1, mine + 1<<20, theirs + 1, mine - 1} {
			request := binary.LittleEndian.AppendUint32([]byte{byte(n)}, uint32(int32(h)))
			p.send(string(request))
			want := abi.Handle
			if n == unsubscribe {
				want = abi.Unsupported
			}
			if got := p.number(); abi.Code(got) != want {
				t.Errorf("import %d with handle %d of connection %d: %d, want %v", n, h, mine, got, want)
			}
			if n >= otherHandlesFirst {
				break
			}
		}
	}
	// What the victim's handle names here is the attacker's own connection, if anything: the victim lives.
	request := binary.LittleEndian.AppendUint32([]byte{2}, uint32(int32(theirs)))
	p.send(string(request))
	_, _ = p.rest()
	victim.send(string(binary.LittleEndian.AppendUint32([]byte{5}, uint32(int32(theirs)))))
	if got := victim.number(); got != 0 {
		t.Errorf("the victim's resume_reading returned %d", got)
	}
	victim.Close()
	s.uneventful()
}

// testRestoredSlow has peers that speak, leave or reset while their instance is not ready for them.
func testRestoredSlow(t *testing.T, g *guest) {
	a := newArena(t, leavingAtOnce)
	s := a.attack(g, host.ServiceConfig{})
	leave := map[string]func(*peer){
		"a peer that waits":  func(p *peer) { p.sees("made") },
		"one that speaks":    func(p *peer) { p.send("hello"); p.sees("madehello") },
		"one that is closed": func(p *peer) { p.send("hello"); p.Close() },
		"half-closed":        func(p *peer) { p.CloseWrite(); p.ended("made", closed) },
		"one that resets":    func(p *peer) { p.send("hello"); p.abort() },
	}
	n := 0
	for name, f := range leave {
		t.Run(name, func(t *testing.T) {
			for range 5 {
				p := connect(t, s.address)
				a.neighbour.while(func() { f(p) })
				p.Close()
				n++
				a.log.wait(t, n, "msg", "connection closed", "service", s.name)
			}
		})
	}
	s.uneventful()
	if st := s.Stats(); st.Detached == 0 {
		t.Error("no call has left the loop")
	}

	t.Run("one whose time is over", func(t *testing.T) {
		s := a.attack(g, host.ServiceConfig{Name: "paused", Config: map[string]string{"pause": "long"},
			Limits: host.Limits{Fuel: plenty, Lifetime: 100 * time.Millisecond}})
		p := s.dial()
		a.neighbour.while(func() { _, _ = p.rest() })
		a.log.wait(t, 1, "msg", "connection closed", "service", s.name)
		s.breached("lifetime", 1)
		if traps := s.Stats().Traps; traps != 0 {
			t.Errorf("%d traps", traps)
		}
	})
}

// sees wants exactly this to come next.
func (p *peer) sees(text string) {
	p.Helper()
	if got := p.read(len(text)); string(got) != text {
		p.Errorf("received %.100q, want %.100q", got, text)
	}
}

// ended wants this text to come and then the connection to end like this.
func (p *peer) ended(text string, how ending) {
	p.Helper()
	if b, got := p.rest(); string(b) != text || got != how {
		p.Errorf("received %.100q and then it was %s, want %.100q and %s", b, got, text, how)
	}
}

// leavingAtOnce has calls leave their loop as soon as they have used up a slice of fuel, however fast that was.
func leavingAtOnce(hc *host.Config, _ *reactor.Config) { hc.OnLoop = 1 }

func testStdoutNewlines(t *testing.T, g *guest) {
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	p := s.dial()
	a.neighbour.while(func() {
		p.send("x")
		if n := p.number(); n != 64<<10 {
			t.Errorf("a call took %d bytes, want 64 KiB", n)
		}
	})
	p.echoesNothing()
	s.uneventful()
}
