package amp

import (
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var change = &Command[text1, struct{}]{
	Name:      "change",
	Arguments: Fields[text1]{Required("s", Unicode, func(s *text1) *string { return &s.S })},
	Errors:    []DeclaredError{{Err: errSmall, Code: "SMALL"}},
}

func switching(t *testing.T) (e *ends, to *reactortest.Recorder) {
	e = connect(t)
	to = &reactortest.Recorder{}
	e.server.Locator.(CommandLocator).Add(change.Name, change.SwitchResponder(func(s text1) (protocol.Protocol, error) {
		if s.S != "please" {
			return nil, errSmall
		}
		return to, nil
	}))
	return e, to
}

func TestSwitch(t *testing.T) {
	e, to := switching(t)
	from := &reactortest.Recorder{}
	d := change.CallRemoteSwitch(e.client, text1{"please"}, func() protocol.Protocol { return from })
	if err := double.CallRemoteWithoutAnswer(e.client, number1{1}); !errors.Is(err, ErrProtocolSwitched) {
		t.Errorf("a call in between: %v", err)
	}
	e.Settle()
	if p, err, ok := d.Result(); p != from || err != nil || !ok {
		t.Fatalf("switched to %v, %v", p, err)
	}
	for _, text := range []string{"not ", "a box"} {
		if _, err := from.Transport.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if e.Settle(); to.Take() != "not a box" {
		t.Errorf("received %q", to.Received)
	}
	from.Transport.LoseConnection()
	if e.Settle(); to.Reason == nil || from.Reason == nil {
		t.Errorf("lost for %v and %v", to.Reason, from.Reason)
	}
}

// What follows the command in the same chunk belongs to the other protocol.
func TestSwitchWithBytesBehind(t *testing.T) {
	e, to := switching(t)
	bytes := append(encode(t, box("_command", "change", "_ask", "1", "s", "please")), "behind"...)
	if _, err := e.Client.Write(bytes); err != nil {
		t.Fatal(err)
	}
	if e.Settle(); to.Take() != "behind" {
		t.Errorf("received %q", to.Received)
	}
}

func TestSwitchRefused(t *testing.T) {
	e, _ := switching(t)
	d := change.CallRemoteSwitch(e.client, text1{"now"}, func() protocol.Protocol { t.Error("built"); return nil })
	if got := outcome(e, d); got != "SMALL: too small" {
		t.Errorf("refused with %s", got)
	}
	if got := outcome(e, double.CallRemote(e.client, number1{2})); got != "{4}" {
		t.Errorf("afterwards: %s", got)
	}
}

func TestStartTLS(t *testing.T) {
	e := connect(t)
	e.server.Locator.(CommandLocator).Add(StartTLS, TLSResponder(func() (protocol.TLSOptions, error) {
		return protocol.TLSOptions{Server: true}, nil
	}))
	d := e.client.CallRemoteStartTLS(protocol.TLSOptions{ServerName: "example.com"})
	n := double.CallRemote(e.client, number1{2}) // waits for TLS
	if got := outcome(e, n) + outcome(e, d); got != "{4}{}" {
		t.Errorf("%s", got)
	}
	if info, ok := e.Server.TLS(); !ok || info.ServerName != "example.com" {
		t.Errorf("TLS %+v, %v", info, ok)
	}
}

// Commands behind a StartTLS are not obeyed: whoever sits on the line could have put them there.
func TestBytesInTheClearBehindStartTLS(t *testing.T) {
	e := connect(t)
	e.server.Locator.(CommandLocator).Add(StartTLS, TLSResponder(func() (protocol.TLSOptions, error) {
		return protocol.TLSOptions{Server: true}, nil
	}))
	heard := false
	e.server.Locator.(CommandLocator).Add(double.Name, double.Responder(func(n number1) (number1, error) {
		heard = true
		return n, nil
	}))
	bytes := append(encode(t, box("_command", StartTLS, "_ask", "1")), encode(t, box("_command", "double", "n", "1"))...)
	if _, err := e.Client.Write(bytes); err != nil {
		t.Fatal(err)
	}
	if e.Settle(); heard || e.Server.Lost() == nil {
		t.Errorf("obeyed %v, lost for %v", heard, e.Server.Lost())
	}
}

func TestStartTLSRefused(t *testing.T) {
	e := connect(t)
	d := e.client.CallRemoteStartTLS(protocol.TLSOptions{})
	n := double.CallRemote(e.client, number1{2})
	e.Settle()
	if _, err, _ := d.Result(); !errors.Is(err, ErrUnhandledCommand) {
		t.Errorf("refused with %v", err)
	}
	d.Handle(func(struct{}, error) {})
	if got := outcome(e, n); got != "{4}" {
		t.Errorf("what waited: %s", got)
	}
}
