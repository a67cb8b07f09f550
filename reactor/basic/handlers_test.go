package basic_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// log is a handler of everything, which writes down what it is given.
type log struct {
	entries []string
	on      func(entry string) // may react
}

func (l *log) add(kind string, data []byte) {
	entry := kind + string(data)
	l.entries = append(l.entries, entry)
	if l.on != nil {
		l.on(entry)
	}
}

func (l *log) LineReceived(line []byte)    { l.add("", line) }
func (l *log) RawDataReceived(data []byte) { l.add("raw ", data) }
func (l *log) StringReceived(s []byte)     { l.add("", s) }

func (l *log) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(l.entries, want) {
		t.Errorf("delivered %q, want %q", l.entries, want)
	}
}

// patient is a log that does not close the connection for a message that is too long.
type patient struct {
	log
	exceeded func()
}

func (p *patient) LineLengthExceeded(start []byte) {
	p.add("long ", start)
	if p.exceeded != nil {
		p.exceeded()
	}
}

func (p *patient) LengthLimitExceeded(int64) { p.add("long ", nil) }

// start connects p.
func start(p protocol.Protocol) *reactortest.StringTransport {
	t := reactortest.NewStringTransport()
	p.ConnectionMade(t)
	return t
}

var chunkings = map[string]int{"whole": 1 << 30, "3-byte chunks": 3, "1-byte chunks": 1}

// feed delivers s in chunks of size, out of a buffer that is used again.
func feed(p protocol.Protocol, s string, size int) {
	for chunk := range slices.Chunk([]byte(s), size) {
		buffer := slices.Clone(chunk)
		p.DataReceived(buffer)
		clear(buffer)
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s did not panic", what)
		}
	}()
	f()
}

func TestReceiversNeedAHandler(t *testing.T) {
	for name, p := range map[string]protocol.Protocol{
		"LineReceiver":      &basic.LineReceiver{},
		"LineOnlyReceiver":  &basic.LineOnlyReceiver{},
		"NetstringReceiver": &basic.NetstringReceiver{},
		"Int8Receiver":      &basic.Int8Receiver{},
		"StatefulReceiver":  &basic.StatefulReceiver{},
	} {
		mustPanic(t, name, func() { start(p) })
	}
}

// framed is a receiver and three messages for it: "one", "two" and "three".
type framed struct {
	receiver
	messages string
}

func framings(h interface {
	basic.LineHandler
	basic.StringHandler
}) map[string]framed {
	return map[string]framed{
		"LineReceiver":      {&basic.LineReceiver{Handler: h}, "one\r\ntwo\r\nthree\r\n"},
		"LineOnlyReceiver":  {&basic.LineOnlyReceiver{Handler: h}, "one\r\ntwo\r\nthree\r\n"},
		"NetstringReceiver": {&basic.NetstringReceiver{Handler: h}, "3:one,3:two,5:three,"},
		"Int8Receiver":      {&basic.Int8Receiver{Handler: h}, "\x03one\x03two\x05three"},
		"Int16Receiver":     {&basic.Int16Receiver{Handler: h}, "\x00\x03one\x00\x03two\x00\x05three"},
		"Int32Receiver":     {&basic.Int32Receiver{Handler: h}, "\x00\x00\x00\x03one\x00\x00\x00\x03two\x00\x00\x00\x05three"},
		"StatefulReceiver":  {&basic.StatefulReceiver{Handler: newCounted(h)}, "\x03one\x03two\x05three"},
	}
}

// counted is Int8Receiver's framing made of two states.
type counted struct {
	h            basic.StringHandler
	length, body basic.State
}

func newCounted(h basic.StringHandler) *counted {
	c := &counted{h: h}
	c.length = func(data []byte) (basic.State, int) { return c.body, int(data[0]) }
	c.body = func(data []byte) (basic.State, int) {
		c.h.StringReceived(data)
		return c.length, 1
	}
	return c
}

func (c *counted) InitialState() (basic.State, int) { return c.length, 1 }

// What every receiver keeps to.
func TestReceivers(t *testing.T) {
	for name := range framings(&log{}) {
		for cut, size := range chunkings {
			t.Run(name+"/"+cut, func(t *testing.T) {
				l := &log{}
				p := framings(l)[name]
				tr := start(p)
				feed(p, p.messages, size)
				l.check(t, "one", "two", "three")
				if tr.Disconnecting() {
					t.Error("closed")
				}
			})
		}
		t.Run(name+"/close in a handler", func(t *testing.T) {
			l := &log{}
			p := framings(l)[name]
			tr := start(p)
			l.on = func(entry string) {
				if entry == "two" {
					tr.LoseConnection()
				}
			}
			feed(p, p.messages, 1<<30)
			feed(p, p.messages, 1)
			l.check(t, "one", "two")
		})
		t.Run(name+"/StopProducing in a handler", func(t *testing.T) {
			l := &log{}
			p := framings(l)[name]
			tr := start(p)
			l.on = func(string) { p.StopProducing() }
			feed(p, p.messages, 1<<30)
			l.check(t, "one")
			if !tr.Disconnecting() {
				t.Error("not closed")
			}
		})
		t.Run(name+"/pause in a handler", func(t *testing.T) {
			l := &log{}
			p := framings(l)[name]
			tr := start(p)
			l.on = func(string) { p.PauseProducing() }
			feed(p, p.messages, 1<<30)
			l.check(t, "one")
			if !tr.ReadingPaused() {
				t.Error("the transport still reads")
			}
			p.ResumeProducing()
			l.check(t, "one", "two")
			l.on = nil
			p.ResumeProducing()
			l.check(t, "one", "two", "three")
			if tr.ReadingPaused() {
				t.Error("the transport does not read")
			}
		})
		t.Run(name+"/pause and resume in a handler", func(t *testing.T) {
			l := &log{}
			p := framings(l)[name]
			start(p)
			depth := 0
			l.on = func(string) {
				depth = max(depth, runtime.Callers(0, make([]uintptr, 100)))
				p.PauseProducing()
				p.ResumeProducing()
			}
			feed(p, strings.Repeat(p.messages, 100), 1<<30)
			if len(l.entries) != 300 || depth > 50 {
				t.Errorf("%d messages, %d calls deep", len(l.entries), depth)
			}
		})
		t.Run(name+"/data from inside a handler", func(t *testing.T) {
			l := &log{}
			p := framings(l)[name]
			start(p)
			once := true
			l.on = func(string) {
				if once {
					once = false
					p.DataReceived([]byte(p.messages))
				}
			}
			feed(p, p.messages, 1<<30)
			l.check(t, "one", "two", "three", "one", "two", "three")
		})
	}
}

// Messages that arrive whole are slices of the chunk, and nothing is allocated for them; nor is it for messages that
// are split, once the buffer has its size.
func TestReceiversDoNotAllocate(t *testing.T) {
	for name := range framings(&silent{}) {
		s := &silent{}
		p := framings(s)[name]
		start(p)
		data := []byte(strings.Repeat(p.messages, 10))
		s.within = data
		if n := testing.AllocsPerRun(100, func() { p.DataReceived(data) }); n > 0 {
			t.Errorf("%s: %v allocations for messages that arrive whole", name, n)
		}
		if s.outside > 0 {
			t.Errorf("%s: %d messages were copied", name, s.outside)
		}
		s.within = nil
		if n := testing.AllocsPerRun(100, func() {
			for i := range data {
				p.DataReceived(data[i : i+1])
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations for messages that are split", name, n)
		}
	}
}

// silent counts messages that are no slices of within.
type silent struct {
	within  []byte
	outside int
}

func (s *silent) StringReceived(m []byte) {
	if s.within == nil {
		return
	}
	for i := range s.within {
		if &s.within[i] == &m[0] {
			return
		}
	}
	s.outside++
}

func (s *silent) LineReceived(line []byte) { s.StringReceived(line) }
