// Package guests tests compiled guests in memory: the built-in modules and the examples of the C SDK, in their
// sandboxes, on the reactor of package reactortest. What reaches a guest in one piece, in threes or byte by byte makes
// no difference, and time is what the test says it is.
package guests

import (
	"encoding/binary"
	"encoding/hex"
	"maps"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// builtin puts a built-in module in service; keys and values of its configuration come in turn.
func builtin(t testing.TB, name string, config ...string) *guesttest.Guest {
	t.Helper()
	m, ok := modules.Find(name)
	if !ok {
		t.Fatalf("no module %s", name)
	}
	wasm, err := m.Wasm()
	if err != nil {
		t.Fatal(err)
	}
	isolation, err := host.ParseIsolation(m.Isolation)
	if err != nil {
		t.Fatal(err)
	}
	cfg := host.ServiceConfig{Name: name, Isolation: isolation, Config: map[string]string{}}
	for i := 0; i < len(config); i += 2 {
		cfg.Config[config[i]] = config[i+1]
	}
	maps.Copy(cfg.Config, m.Settings())
	return guesttest.New(t, wasm, cfg)
}

// TestBuiltinsInChunks cuts what is sent to modules that read in all ways.
func TestBuiltinsInChunks(t *testing.T) {
	for _, c := range []struct {
		module string
		config []string
		inputs []string
	}{
		{"echo", nil, []string{"hello", "\x00\xff", strings.Repeat("0123456789", 100)}},
		{"discard", nil, []string{"hello"}},
		{"chat", nil, []string{
			"anna\r\nhello\r\n/who\r\n/me waves\r\n/help\r\n/quit\r\nafter the end\r\n",
			"an na\r\n\r\nanna\n/none\r\n\x1b[1m\xff\xfe\r\nunfinished",
			"anna\r\n" + strings.Repeat("long", 200) + "\r\nshort\r\n",
		}},
		{"framing", []string{"framing", "line", "app", "echo"}, []string{"one\r\ntwo\r\n\r\nthree", strings.Repeat("x", 16390)}},
		{"framing", []string{"framing", "lineonly"}, []string{"one\r\ntwo\r\n\r\nthree"}},
		{"framing", []string{"framing", "netstring", "app", "stop-on-stop"}, []string{"3:one,0:,4:stop,5:after,", "3:onex", "03:one,"}},
		{"framing", []string{"framing", "int8"}, []string{"\x03one\x00\x05three\x09un"}},
		{"framing", []string{"framing", "int16"}, []string{"\x00\x03one\x00\x00\x00\x05three"}},
		{"framing", []string{"framing", "int32", "max-length", "4"}, []string{"\x00\x00\x00\x03one", "\x00\x00\x00\x05three"}},
	} {
		t.Run(strings.Join(append([]string{c.module}, c.config...), " "), func(t *testing.T) {
			g := builtin(t, c.module, c.config...)
			for _, input := range c.inputs {
				g.CheckChunks(t, []byte(input))
			}
		})
	}
}

// FuzzFraming cuts whatever comes into netstrings in all ways.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("3:one,0:,"))
	f.Add([]byte("99999999:"))
	g := builtin(f, "framing", "framing", "netstring")
	f.Fuzz(func(t *testing.T, input []byte) { g.CheckChunks(t, input) })
}

// TestTime asks the modules that tell the time, which is the test's.
func TestTime(t *testing.T) {
	g := builtin(t, "time")
	const sinceEpoch = 24*60*60 + 1
	g.Advance(sinceEpoch * time.Second)
	// RFC 868 counts from 1900; the clock of the test begins a century later, 24 of whose years were leap years.
	want := uint32((100*365+24)*24*60*60 + sinceEpoch)
	if got := g.Connect().Take(); len(got) != 4 || binary.BigEndian.Uint32([]byte(got)) != want {
		t.Errorf("time: %s, want %08x", hex.EncodeToString([]byte(got)), want)
	}
	g = builtin(t, "daytime")
	g.Advance(90 * time.Minute)
	peer := g.Connect()
	if got := peer.Take(); got != "Saturday, January 1, 2000 01:30:00-UTC\r\n" {
		t.Errorf("daytime: %q", got)
	}
	if protocol.ReasonOf(peer.Lost()) != protocol.ErrConnectionDone {
		t.Errorf("daytime: %v", peer.Lost())
	}
}

// TestQuotes has each quote on its day.
func TestQuotes(t *testing.T) {
	g := builtin(t, "qotd", "quote", "one\n%\ntwo\n%\nthree")
	var told []string
	for range 4 {
		told = append(told, strings.TrimSpace(g.Connect().Take()))
		g.Advance(24 * time.Hour)
	}
	if told[0] == told[1] || told[1] == told[2] || told[2] == told[0] || told[3] != told[0] {
		t.Errorf("the quotes of four days are %q", told)
	}
}

// TestChargen reads a little of what has no end: the rest waits for the reader.
func TestChargen(t *testing.T) {
	g := builtin(t, "chargen")
	r := &reactortest.Recorder{}
	pair := g.Join(r, g.Protocol())
	pair.Client.PauseReading()
	g.Settle()
	if waits := pair.Server.Buffered(); len(r.Received) > 0 || waits == 0 || waits > 7030 {
		t.Errorf("%d bytes wait for a peer that does not read", waits)
	}
	pair.Client.ResumeReading()
	for len(r.Received) < 1<<20 && g.Turn() {
	}
	text := r.Take()
	for n, line := range strings.Split(text[:70*74], "\r\n")[:70] {
		if len(line) != 72 || line[0] != byte(' '+n) || line[1] != line[0]+1 {
			t.Fatalf("line %d is %q", n, line)
		}
	}
	pair.Client.AbortConnection()
	g.Settle()
	if len(text) < 1<<20 || pair.Server.Lost() == nil {
		t.Errorf("%d bytes came, and the end is %v", len(text), pair.Server.Lost())
	}
}

// TestChat has three members in the one instance they share.
func TestChat(t *testing.T) {
	g := builtin(t, "chat", "welcome", "Hi.")
	anna, bert := g.Connect(), g.Connect()
	anna.Send("anna\r\n")
	bert.Send("bert\r\n")
	anna.Take()
	bert.Take()
	bert.Send("hello\r\n")
	if got := anna.Take(); !strings.Contains(got, "bert") || !strings.Contains(got, "hello") {
		t.Errorf("anna is told %q", got)
	}
	bert.Close()
	if got := anna.Take(); !strings.Contains(got, "bert") {
		t.Errorf("anna is told %q when bert has left", got)
	}
	again := g.Connect()
	again.Send("bert\r\n/who\r\n")
	if got := again.Take(); !strings.Contains(got, "anna") {
		t.Errorf("the second bert is told %q", got)
	}
}

// TestIdle runs out the service's idle limit, which counts from the last byte.
func TestIdle(t *testing.T) {
	g := builtin(t, "echo")
	idle := g.Service.Limits().Idle
	peer := g.Connect()
	g.Advance(idle - time.Second)
	peer.Send("still here")
	g.Advance(idle - time.Second)
	if peer.Take() != "still here" || peer.Lost() != nil {
		t.Fatalf("lost before its time: %v", peer.Lost())
	}
	g.Advance(2 * time.Second)
	if peer.Lost() == nil {
		t.Errorf("it lives on after %v without a byte", idle)
	}
}
