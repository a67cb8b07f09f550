package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// party is a room and those who have come.
type party struct {
	t       *testing.T
	reactor *reactortest.Reactor
	room    *room
}

func newParty(t *testing.T, c Config) *party {
	t.Helper()
	r := reactortest.NewReactor()
	f, err := New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	return &party{t, r, f.(*room)}
}

// guest is one client of a room.
type guest struct {
	reactortest.Recorder
	party *party
	conn  *reactortest.Pair
}

func (p *party) guest() *guest {
	g := &guest{party: p}
	server := p.room.BuildProtocol(reactortest.NewStringTransport().PeerAddress)
	g.conn = p.reactor.Join(g, server)
	p.reactor.Settle()
	return g
}

// named is a guest who has given a name, with what was said so far forgotten.
func (p *party) named(nick string) *guest {
	g := p.guest()
	g.say(nick + "\n")
	g.Take()
	return g
}

func (g *guest) say(text string) {
	g.Transport.Write([]byte(text))
	g.party.reactor.Settle()
}

func (g *guest) expect(lines ...string) {
	g.party.t.Helper()
	want := ""
	for _, line := range lines {
		want += line + "\r\n"
	}
	if got := g.Take(); got != want {
		g.party.t.Errorf("received %q, want %q", got, want)
	}
}

func TestConversation(t *testing.T) {
	p := newParty(t, Config{Welcome: "Come in."})
	ann := p.guest()
	ann.expect("* Come in.", "* What is your name?")
	ann.say("Ann\r\n")
	ann.expect("* You are Ann. Here are: Ann")
	bob := p.guest()
	bob.say("Bob\nhello\n")
	bob.expect("* Come in.", "* What is your name?", "* You are Bob. Here are: Ann, Bob")
	ann.expect("* Bob has come", "<Bob> hello")
	ann.say("/me waves\n/who\n\n/dance\n")
	ann.expect("* Here are: Ann, Bob", "* There is no command /dance; try /help")
	bob.expect("* Ann waves")
	bob.say("/quit\nnot heard\n")
	bob.expect("* Good bye.")
	ann.expect("* Bob has gone")
	if bob.conn.Server.Lost() == nil {
		t.Error("the connection is open after /quit")
	}
	ann.Transport.AbortConnection()
	p.reactor.Settle()
	if p.room.count != 0 || len(p.room.members) != 0 || len(p.room.names) != 0 {
		t.Errorf("the empty room has %d connections, %d members, %d names", p.room.count, len(p.room.members), len(p.room.names))
	}
}

func TestNames(t *testing.T) {
	p := newParty(t, Config{})
	p.named("Ann")
	g := p.guest()
	g.Take()
	for _, line := range []string{"", "two words", "a\x1b[31m", strings.Repeat("x", maxNick+1)} {
		g.say(line + "\n")
		g.expect("* A name has 1 to 20 letters, digits, - and _. What is your name?")
	}
	g.say("aNN\n")
	g.expect("* aNN is taken. What is your name?")
	g.say("Zoë-2\n")
	g.expect("* You are Zoë-2. Here are: Ann, Zoë-2")
}

func TestNameOfThePeer(t *testing.T) {
	p := newParty(t, Config{Nick: NickPeer})
	p.guest().expect("* Welcome.", "* You are 192.0.2.1:54321. Here are: 192.0.2.1:54321")
	p.guest().expect("* Welcome.", "* You are 192.0.2.1:54321-2. Here are: 192.0.2.1:54321, 192.0.2.1:54321-2")
}

func TestWhatOthersSeeIsPrintable(t *testing.T) {
	p := newParty(t, Config{})
	ann, bob := p.named("Ann"), p.named("Bob")
	ann.Take()
	bob.say("a\x1b[2Jb\x00\xffc\tdé\u009b\r\n")
	ann.expect("<Bob> a?[2Jb??c\tdé?")
}

func TestLongLine(t *testing.T) {
	p := newParty(t, Config{MaxLine: 10})
	ann, bob := p.named("Ann"), p.named("Bob")
	ann.Take()
	bob.say(strings.Repeat("x", 1000) + "\nshort\n")
	bob.expect("* That line is too long: at most 10 bytes.")
	ann.expect("<Bob> short")
}

func TestFullRoom(t *testing.T) {
	p := newParty(t, Config{MaxMembers: 1})
	p.guest()
	g := p.guest()
	g.expect("* The room is full.")
	if g.conn.Server.Lost() == nil {
		t.Error("the connection is open")
	}
}

func TestMemberWhoSaysTooMuchIsReadFromLater(t *testing.T) {
	p := newParty(t, Config{MaxRate: 3})
	ann, bob := p.named("Ann"), p.named("Bob")
	ann.Take()
	bob.say("one\ntwo\nthree\nfour\nfive\nsix\n")
	ann.expect("<Bob> one", "<Bob> two") // the name was a line
	p.reactor.Advance(time.Second)
	ann.expect("<Bob> three", "<Bob> four", "<Bob> five")
	p.reactor.Advance(time.Second)
	ann.expect("<Bob> six")
	p.reactor.Advance(time.Second)
	bob.say(strings.Repeat("x\n", 100))
	bob.Transport.AbortConnection()
	p.reactor.Settle()
	if n := p.reactor.Pending(); n > 0 {
		t.Errorf("%d timers are left", n)
	}
}

func TestMemberWhoDoesNotReadMissesLines(t *testing.T) {
	p := newParty(t, Config{MaxRate: 1 << 20})
	ann, bob := p.named("Ann"), p.named("Bob")
	ann.Take()
	ann.Transport.PauseReading()
	said := 0
	for ; ann.conn.Server.Protocol().(*member).missed < 100; said++ {
		bob.say(strings.Repeat("x", 500) + "\n")
		if said > 10_000 {
			t.Fatal("every line is queued for a member who does not read")
		}
	}
	if n := ann.conn.Server.Buffered(); n > 128<<10 {
		t.Errorf("%d bytes are queued", n)
	}
	ann.Transport.ResumeReading()
	p.reactor.Settle()
	got := ann.Take()
	if want := "* 100 lines were not sent to you because you did not read\r\n"; !strings.HasSuffix(got, want) {
		t.Errorf("ends with %q, want %q", got[max(0, len(got)-100):], want)
	}
	if got, want := strings.Count(got, "<Bob>"), said-100; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings(
		"nick", "peer", "welcome", "Hi", "max-line", "80", "max-members", "5", "max-rate", "7"))
	if want := (Config{NickPeer, "Hi", 80, 5, 7}); err != nil || c != want {
		t.Errorf("%+v, %v, want %+v", c, err, want)
	}
	for key, value := range map[string]string{"nick": "random", "max-line": "0", "max-members": "many", "max-rate": "-1"} {
		_, err := Configure(func(k string) (string, bool) { return value, k == key })
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("%s=%q: want", key, value)) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
	for _, c := range []Config{{Nick: "random"}, {MaxLine: -1}, {MaxMembers: -1}, {MaxRate: -1}} {
		if _, err := New(nil, c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

// FuzzMember sends anything: the neighbour's connection must live on and see lines of printable text only.
func FuzzMember(f *testing.F) {
	f.Add([]byte("Bob\nhello\n/me x\n/quit\n"))
	f.Add([]byte("\xff\x00\nBob\n" + strings.Repeat("y", 600) + "\n/who\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		p := newParty(t, Config{})
		ann := p.named("Ann")
		p.guest().say(string(input))
		for line := range strings.SplitSeq(strings.TrimSuffix(ann.Take(), "\r\n"), "\r\n") {
			if clean([]byte(line)) != line {
				t.Errorf("Ann sees %q", line)
			}
		}
		if ann.conn.Server.Lost() != nil {
			t.Errorf("Ann is lost: %v", ann.conn.Server.Lost())
		}
	})
}
