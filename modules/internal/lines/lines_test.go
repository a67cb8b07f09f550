package lines

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// shouter answers lines in capitals. The line "quit" closes, the line "hush" does not count as a sign of life.
type shouter struct{ Server }

func (p *shouter) LineReceived(line []byte) {
	switch string(line) {
	case "quit":
		p.Close()
	case "hush":
	default:
		p.Heard()
		p.Transport.Write([]byte(strings.ToUpper(string(line)) + "\n"))
	}
}

func newShouter() *shouter {
	p := &shouter{}
	p.Init(p, 8, time.Minute)
	return p
}

func TestServerClosesOnRequest(t *testing.T) {
	pair := reactortest.NewPair(&reactortest.Recorder{}, newShouter())
	pair.Client.Write([]byte("a\r\nquit\nb\n"))
	pair.Settle()
	if got := pair.Client.Protocol().(*reactortest.Recorder).Take(); got != "A\r\n" || pair.Server.Lost() == nil {
		t.Errorf("it answered %q, and ended with %v", got, pair.Server.Lost())
	}
}

func TestServerClosesWhoIsSilent(t *testing.T) {
	r := reactortest.NewReactor()
	pair := r.Join(&reactortest.Recorder{}, newShouter())
	for _, line := range []string{"a\n", "b\n", "hush\n"} {
		pair.Client.Write([]byte(line))
		r.Settle()
		r.Advance(40 * time.Second)
		if lost := pair.Server.Lost() != nil; lost != (line == "hush\n") {
			t.Errorf("after %q: lost %t", line, lost)
		}
	}
}

func TestServerClosesAfterALineThatIsTooLong(t *testing.T) {
	pair := reactortest.NewPair(&reactortest.Recorder{}, newShouter())
	pair.Client.Write([]byte("123456789\n"))
	pair.Settle()
	if pair.Server.Lost() == nil {
		t.Error("it is still connected")
	}
}

// A peer that does not read what it asked for is let go in the end. (A StringTransport is never done with its output.)
func TestServerEndsWhoDoesNotRead(t *testing.T) {
	transport := reactortest.NewStringTransport()
	r := transport.Reactor().(*reactortest.Reactor)
	p := newShouter()
	p.ConnectionMade(transport)
	p.DataReceived([]byte("a\n"))
	r.Advance(time.Minute)
	if !transport.Disconnecting() || transport.Aborted() {
		t.Errorf("after a minute: disconnecting %t, aborted %t", transport.Disconnecting(), transport.Aborted())
	}
	r.Advance(time.Minute)
	if !transport.Aborted() {
		t.Error("it is not aborted after two minutes")
	}
}

func TestServerReadsOnlyFromWhoReads(t *testing.T) {
	p := newShouter()
	transport := reactortest.NewStringTransport()
	p.ConnectionMade(transport)
	if producer, streaming := transport.Producer(); producer != &p.Server || !streaming {
		t.Fatalf("producer %v, streaming %t", producer, streaming)
	}
	p.PauseProducing()
	p.DataReceived([]byte("a\n"))
	if got := transport.Take(); got != "" {
		t.Errorf("it answered %q to a peer that does not read", got)
	}
	p.ResumeProducing()
	if got := transport.Take(); got != "A\n" {
		t.Errorf("afterwards it answered %q", got)
	}
}

func TestPatience(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: time.Minute, time.Second: time.Second} {
		if got, err := Patience(given, time.Minute); got != want || err != nil {
			t.Errorf("%s: %s, %v", given, got, err)
		}
	}
	if _, err := Patience(-1, time.Minute); err == nil {
		t.Error("a time below zero is taken")
	}
}
