package host_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// c builds a guest written in C, from testdata.
func c(t testing.TB, name string, defines ...string) []byte {
	t.Helper()
	flags := make([]string, len(defines))
	for i, d := range defines {
		flags[i] = "-D" + d
	}
	return guestbuild.C(t, filepath.Join("testdata", name), flags...)
}

// A puppet is a connection to testdata/puppet.c, which does what it is told.
type puppet struct {
	testing.TB
	net.Conn
	scratch uint32
	events  []event // that came while something else was waited for
	data    []byte  // of the last 'D'
}

// An event is one that the puppet reports.
type event struct {
	kind    abi.Event
	a, b, c int32
	data    string
}

func (e event) String() string {
	return fmt.Sprintf("%s(%d, %d, %d) %q", puppetEvents[e.kind], e.a, e.b, e.c, e.data)
}

// puppetEvents are the numbers the puppet uses for events.
var puppetEvents = [...]abi.Event{
	4: abi.WhenRunning, 5: abi.ConnectionMade, 6: abi.DataReceived, 7: abi.ConnectionLost, 8: abi.ReadConnectionLost,
	9: abi.WriteConnectionLost, 10: abi.ConnectFailed, 11: abi.HandshakeCompleted, 12: abi.PauseProducing,
	13: abi.ResumeProducing, 14: abi.DatagramReceived, 15: abi.TimerFired, 16: abi.Completed,
}

// Operations of the puppet beyond the imports, which it numbers as abi.Imports does, and WASI functions.
const (
	opFdWrite = 40 + iota
	opFdRead
	opPollOneoff
	opRandomGet
	opClockTimeGet
	opArgsGet
	opArgsSizesGet
	opEnvironGet
	opEnvironSizesGet
	opFdFdstatGet
	opPathOpen
	opProcExit
)

const (
	opScratch = 100 + iota
	opPeek
	opPoke
	opGrow
	opTrap
	opSpin
	opRecurse
	opSize
	opFill
	opDoIn
	opCount
	opTwice
	opSpinImport
	opHash
)

// pull starts a service of puppets, each with an instance of its own unless cfg says otherwise, and returns one, with
// the service and its address.
func (w *world) pull(cfg host.ServiceConfig, defines ...string) (*puppet, *host.Service, string) {
	w.Helper()
	if cfg.Isolation == host.ModuleDefault {
		cfg.Isolation = host.PerConnection
	}
	s := w.service(w.load("puppet.wasm", withManifest(c(w, "puppet.c", defines...), `{"isolation":"service"}`)), cfg)
	address := w.serve(s)
	return newPuppet(w, dial(w, address)), s, address
}

// newPuppet takes the control connection.
func newPuppet(t testing.TB, c net.Conn) *puppet {
	t.Helper()
	p := &puppet{TB: t, Conn: c}
	p.scratch = uint32(p.do(opScratch))
	return p
}

// A command is what the puppet is told to do.
type command struct {
	op   int
	args []int64
	text string // put at the puppet's scratch
}

// do performs an operation and returns its result.
func (p *puppet) do(op int, args ...int64) int64 {
	p.Helper()
	return p.doText("", op, args...)
}

// doText is do with text at the puppet's scratch.
func (p *puppet) doText(text string, op int, args ...int64) int64 {
	p.Helper()
	return p.all(command{op, args, text})[0]
}

// all performs operations within one event and returns their results.
func (p *puppet) all(commands ...command) []int64 {
	p.Helper()
	p.begin(commands...)
	results := make([]int64, 0, len(commands))
	for len(results) < len(commands) {
		kind, body := p.frame()
		switch kind {
		case 'R':
			results = append(results, int64(binary.LittleEndian.Uint64(body)))
		case 'E':
			p.events = append(p.events, parseEvent(body))
		case 'D':
			p.data = body
		}
	}
	return results
}

// begin sends commands in one segment and does not wait.
func (p *puppet) begin(commands ...command) {
	p.Helper()
	if _, err := p.Write(encode(commands...)); err != nil {
		p.Fatal(err)
	}
}

func encode(commands ...command) (all []byte) {
	for _, c := range commands {
		all = binary.LittleEndian.AppendUint32(all, uint32(49+len(c.text)))
		all = append(all, byte(c.op))
		for i := range 6 {
			v := int64(0)
			if i < len(c.args) {
				v = c.args[i]
			}
			all = binary.LittleEndian.AppendUint64(all, uint64(v))
		}
		all = append(all, c.text...)
	}
	return all
}

// importing is the command to call an import.
func (p *puppet) importing(name string, args ...int64) command {
	return command{op: importNumber(p, name), args: args}
}

// texting is the command to call an import with text, whose place and length follow the arguments given.
func (p *puppet) texting(name, text string, first ...int64) command {
	return command{importNumber(p, name), append(first, int64(p.scratch), int64(len(text))), text}
}

// call calls an import by name.
func (p *puppet) call(name string, args ...int64) int64 {
	p.Helper()
	return p.all(p.importing(name, args...))[0]
}

// callText calls an import with text, whose place and length follow the arguments given.
func (p *puppet) callText(name, text string, first ...int64) int64 {
	p.Helper()
	return p.all(p.texting(name, text, first...))[0]
}

// info reads a property of a connection.
func (p *puppet) info(conn int64, key int64) string {
	p.Helper()
	n := p.call("conn_info", conn, key, int64(p.scratch), 4096)
	if n < 0 {
		return abi.Code(n).Error()
	}
	return string(p.peek(p.scratch, int(n)))
}

func (p *puppet) peek(ptr uint32, n int) []byte {
	p.Helper()
	p.data = nil
	p.do(opPeek, int64(ptr), int64(n))
	return p.data
}

// event waits for the next event.
func (p *puppet) event() event {
	p.Helper()
	if len(p.events) > 0 {
		e := p.events[0]
		p.events = p.events[1:]
		return e
	}
	for {
		if kind, body := p.frame(); kind == 'E' {
			return parseEvent(body)
		}
	}
}

// expect waits for an event of this kind, and fails on another one.
func (p *puppet) expect(kind abi.Event) event {
	p.Helper()
	e := p.event()
	if puppetEvents[e.kind] != kind {
		p.Fatalf("event %v, want %s", e, kind)
	}
	return e
}

// frame reads a report. Data that comes with an event stands behind the event's header.
func (p *puppet) frame() (kind byte, body []byte) {
	p.Helper()
	kind, body, err := p.read()
	if err != nil {
		p.Fatalf("the puppet has gone: %v", err)
	}
	return kind, body
}

func (p *puppet) read() (kind byte, body []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(p, head[:]); err != nil {
		return 0, nil, err
	}
	b := make([]byte, binary.LittleEndian.Uint32(head[:]))
	if _, err := io.ReadFull(p, b); err != nil {
		return 0, nil, err
	}
	return b[0], b[1:], nil
}

func parseEvent(b []byte) event {
	return event{abi.Event(b[0]), int32(binary.LittleEndian.Uint32(b[1:])), int32(binary.LittleEndian.Uint32(b[5:])),
		int32(binary.LittleEndian.Uint32(b[9:])), string(b[13:])}
}

func importNumber(t testing.TB, name string) int {
	t.Helper()
	n := slices.IndexFunc(abi.Imports, func(f abi.Func) bool { return f.Name == name })
	if n < 0 {
		t.Fatalf("no import %s", name)
	}
	return n
}

func TestPuppetKnowsTheImportsByTheirNumbers(t *testing.T) {
	text, err := os.ReadFile("testdata/puppet.c")
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range abi.Imports {
		line := fmt.Sprintf("case %d: ", n)
		at := strings.Index(string(text), "  "+line)
		if at < 0 || !strings.Contains(strings.SplitN(string(text)[at:], "\n", 2)[0], f.Name[:3]) {
			t.Errorf("testdata/puppet.c: no %q for %s", line, f.Name)
		}
	}
}
