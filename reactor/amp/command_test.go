package amp

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

type (
	number1 struct{ N int64 }
	text1   struct{ S string }
)

var (
	errSmall = errors.New("too small")
	errFatal = errors.New("the end")

	double = &Command[number1, number1]{
		Name:      "double",
		Arguments: Fields[number1]{Required("n", Integer, func(n *number1) *int64 { return &n.N })},
		Response:  Fields[number1]{Required("n", Integer, func(n *number1) *int64 { return &n.N })},
		Errors:    []DeclaredError{{Err: errSmall, Code: "SMALL"}, {Err: errFatal, Code: "FATAL", Fatal: true}},
	}
	shout = &Command[text1, text1]{
		Name:      "shout",
		Arguments: Fields[text1]{Required("s", Unicode, func(s *text1) *string { return &s.S })},
		Response:  Fields[text1]{Required("s", Unicode, func(s *text1) *string { return &s.S })},
	}
)

// ends are two connected ends.
type ends struct {
	*reactortest.Pair
	t              *testing.T
	client, server *AMP
	waiting        []*deferred.Deferred[text1]
	reported       []string
}

func connect(t *testing.T) *ends {
	e := &ends{t: t}
	l := CommandLocator{}
	l.Add(double.Name, double.Responder(func(n number1) (number1, error) {
		switch {
		case n.N < 0:
			return n, fmt.Errorf("%d is %w", n.N, errSmall)
		case n.N == 666:
			return n, errFatal
		case n.N == 13:
			return n, errors.New("a secret")
		}
		return number1{2 * n.N}, nil
	}))
	l.Add(shout.Name, shout.DeferredResponder(func(text1) *deferred.Deferred[text1] {
		d := deferred.New[text1](e.Reactor)
		e.waiting = append(e.waiting, d)
		return d
	}))
	e.client, e.server = New(nil), New(l)
	e.server.Report = func(command string, err error) { e.reported = append(e.reported, command+": "+err.Error()) }
	e.Pair = reactortest.NewPair(e.client, e.server)
	return e
}

// outcome is how a call has ended, as text.
func outcome[T any](e *ends, d *deferred.Deferred[T]) string {
	e.t.Helper()
	e.Settle()
	value, err, ok := d.Result()
	switch {
	case !ok:
		return "nothing"
	case err != nil:
		d.Handle(func(T, error) {})
		return err.Error()
	}
	return fmt.Sprint(value)
}

func TestCalls(t *testing.T) {
	e := connect(t)
	for n, want := range map[int64]string{21: "{42}", -1: "SMALL: -1 is too small"} {
		if got := outcome(e, double.CallRemote(e.client, number1{n})); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	declared := double.CallRemote(e.client, number1{-1})
	e.Settle()
	if _, err, _ := declared.Result(); !errors.Is(err, errSmall) {
		t.Errorf("%v is not the declared error", err)
	}
	declared.Handle(func(number1, error) {})
	unknown := &Command[number1, number1]{Name: "it's"}
	d := unknown.CallRemote(e.client, number1{})
	e.Settle()
	_, err, _ := d.Result()
	var remote *RemoteError
	if !errors.Is(err, ErrUnhandledCommand) || !errors.As(err, &remote) || remote.Description != `Unhandled Command: b"it's"` {
		t.Errorf("unhandled: %v", err)
	}
	d.Handle(func(number1, error) {})
	if e.Server.Lost() != nil {
		t.Errorf("the connection is lost: %v", e.Server.Lost())
	}
}

func TestErrorsThatEndTheConnection(t *testing.T) {
	for n, want := range map[int64]string{666: "FATAL: the end", 13: "UNKNOWN: Unknown Error"} {
		e := connect(t)
		if got := outcome(e, double.CallRemote(e.client, number1{n})); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
		if e.Server.Lost() == nil {
			t.Errorf("%d: the connection is open", n)
		}
		if reported := strings.Join(e.reported, " "); (n == 13) != (reported == "double: a secret") {
			t.Errorf("%d: reported %q", n, reported)
		}
		if got := outcome(e, double.CallRemote(e.client, number1{1})); !strings.HasPrefix(got, "calling double: ") {
			t.Errorf("a call on the lost connection: %s", got)
		}
	}
}

func TestCallsWithoutAnswer(t *testing.T) {
	e := connect(t)
	if err := double.CallRemoteWithoutAnswer(e.client, number1{1}); err != nil {
		t.Fatal(err)
	}
	if e.Settle(); e.Server.Lost() != nil || e.Client.Buffered() > 0 {
		t.Errorf("lost for %v", e.Server.Lost())
	}
	if err := double.CallRemoteWithoutAnswer(e.client, number1{-1}); err != nil {
		t.Fatal(err)
	}
	if e.Settle(); e.Server.Lost() == nil {
		t.Error("an error that nobody is told of leaves the connection open")
	}
}

func TestAnswersInAnyOrder(t *testing.T) {
	e := connect(t)
	a, b := shout.CallRemote(e.client, text1{"a"}), shout.CallRemote(e.client, text1{"b"})
	if got := outcome(e, double.CallRemote(e.client, number1{4})); got != "{8}" {
		t.Errorf("overtaking: %s", got)
	}
	_ = e.waiting[1].Callback(text1{"B"})
	if got := outcome(e, a) + outcome(e, b); got != "nothing{B}" {
		t.Errorf("the first answer: %s", got)
	}
	e.Server.AbortConnection()
	if got := outcome(e, a); got != "connection was lost" && got != "connection was aborted" {
		t.Errorf("outstanding when the connection is lost: %s", got)
	}
	_ = e.waiting[0].Callback(text1{"A"}) // too late, and for nobody
	e.Settle()
}

func TestTooManyAsksStopTheReading(t *testing.T) {
	e := connect(t)
	e.server.MaxAsks = 3
	for range 5 {
		shout.CallRemote(e.client, text1{"x"}).Handle(func(text1, error) {})
	}
	if e.Settle(); len(e.waiting) != 3 || !e.Server.ReadingPaused() {
		t.Fatalf("%d commands wait, reading paused %v", len(e.waiting), e.Server.ReadingPaused())
	}
	_ = e.waiting[0].Callback(text1{})
	if e.Settle(); len(e.waiting) != 4 {
		t.Errorf("after an answer %d commands were heard", len(e.waiting))
	}
	_ = e.waiting[1].Callback(text1{})
	_ = e.waiting[2].Callback(text1{})
	if e.Settle(); len(e.waiting) != 5 || e.Server.ReadingPaused() {
		t.Errorf("%d commands were heard, reading paused %v", len(e.waiting), e.Server.ReadingPaused())
	}
}

// A peer that asks and does not read is not read itself, and loses nothing when it reads at last.
func TestPeerThatDoesNotRead(t *testing.T) {
	l := CommandLocator{}
	l.Add(shout.Name, shout.Responder(func(text1) (text1, error) { return text1{strings.Repeat("x", 60_000)}, nil }))
	peer, server := &reactortest.Recorder{}, New(l)
	pair := reactortest.NewPair(peer, server)
	peer.Transport.PauseReading()
	const asks = 100
	question := encode(t, box("_command", "shout", "_ask", "1", "s", ""))
	for range asks {
		if _, err := peer.Transport.Write(question); err != nil {
			t.Fatal(err)
		}
		pair.Settle()
		if n := pair.Server.Buffered(); n > 3*highWater {
			t.Fatalf("%d bytes wait", n)
		}
	}
	peer.Transport.ResumeReading()
	pair.Settle()
	boxes, err := ParseBoxes(peer.Received)
	if err != nil || len(boxes) != asks {
		t.Errorf("%d answers, %v", len(boxes), err)
	}
}

func TestBoxesThatMeanNothing(t *testing.T) {
	for name, b := range map[string]*Box{
		"empty": box(), "no key of the protocol": box("k", "v"), "answer to nothing": box("_answer", "1"),
		"error of nothing": box("_error", "x", "_error_code", "C"),
	} {
		e := connect(t)
		if err := e.client.SendBox(b); err != nil {
			t.Fatal(err)
		}
		if e.Settle(); e.Server.Lost() == nil {
			t.Errorf("%s: the connection is open", name)
		}
	}
}

func TestAnswerThatCannotBeSent(t *testing.T) {
	e := connect(t)
	d := shout.CallRemote(e.client, text1{"x"})
	e.Settle()
	_ = e.waiting[0].Callback(text1{strings.Repeat("x", MaxValueLength+1)})
	if got := outcome(e, d); got != "UNKNOWN: Unknown Error" {
		t.Errorf("answered %s", got)
	}
	if got := outcome(connect(t), shout.CallRemote(New(nil), text1{})); got != "calling shout: amp: not connected" {
		t.Errorf("without a connection: %s", got)
	}
}

func TestCallRemoteBox(t *testing.T) {
	e := connect(t)
	if got := outcome(e, e.client.CallRemoteBox("double", box("n", "4"))); !strings.Contains(got, `n="8"`) {
		t.Errorf("answered %s", got)
	}
	if got := outcome(e, e.client.CallRemoteBox("double", box("n", "-4"))); got != "SMALL: -4 is too small" {
		t.Errorf("answered %s", got)
	}
}

// A long name of an unknown command is described as far as it fits.
func TestLongUnhandledCommand(t *testing.T) {
	e := connect(t)
	if got := outcome(e, e.client.CallRemoteBox(strings.Repeat("\xff", MaxValueLength), &Box{})); len(got) < 60_000 {
		t.Errorf("answered %q", got)
	}
}

// FuzzCommands sends anything to an end with commands: what it does must not depend on the chunks.
func FuzzCommands(f *testing.F) {
	for _, b := range []*Box{
		box("_command", "double", "_ask", "1", "n", "4"), box("_command", "x", "_ask", "1"), box("_answer", "1"), box(),
	} {
		f.Add(encode(f, b))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			l := CommandLocator{}
			l.Add(double.Name, double.Responder(func(n number1) (number1, error) { return number1{-n.N}, nil }))
			p := New(l)
			p.Report = func(string, error) {}
			return p, nil
		})
	})
}
