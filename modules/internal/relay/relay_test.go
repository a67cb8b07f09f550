package relay

import (
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// plain is a transport that cannot be spliced, or fails to.
type plain struct{ protocol.Transport }

type failing struct {
	protocol.Transport
	err error
}

func (f failing) Splice(protocol.Transport) error { return f.err }

// ends are two ends to be joined, and the peers beyond them.
func ends(r *reactortest.Reactor) (a, b *End, left, right *reactortest.Recorder) {
	a, b, left, right = &End{}, &End{}, &reactortest.Recorder{}, &reactortest.Recorder{}
	r.Join(left, a)
	r.Join(right, b)
	return a, b, left, right
}

func TestWhatCameBeforeGoesFirst(t *testing.T) {
	r := reactortest.NewReactor()
	a, b, left, right := ends(r)
	a.Keep([]byte("1"))
	left.Transport.Write([]byte("2"))
	r.Settle()
	if right.Take() != "" || !a.Transport.(*reactortest.Conn).ReadingPaused() {
		t.Error("an end that is not joined reads")
	}
	Join(a, b, Relay)
	left.Transport.Write([]byte("3"))
	r.Settle()
	if got := right.Take(); got != "123" {
		t.Errorf("%q arrives", got)
	}
}

func TestTransportsThatCannotBeSpliced(t *testing.T) {
	for name, wrap := range map[string]func(protocol.Transport) protocol.Transport{
		"no Splicer":  func(t protocol.Transport) protocol.Transport { return plain{t} },
		"unsupported": func(t protocol.Transport) protocol.Transport { return failing{t, protocol.ErrUnsupported} },
	} {
		r := reactortest.NewReactor()
		a, b, left, right := ends(r)
		a.Transport = wrap(a.Transport)
		Join(a, b, Splice)
		left.Transport.Write([]byte("there"))
		right.Transport.Write([]byte("back"))
		r.Settle()
		if there, back := right.Take(), left.Take(); there != "there" || back != "back" {
			t.Errorf("%s: %q, %q", name, there, back)
		}
	}
}

func TestSpliceThatFailsEndsBoth(t *testing.T) {
	r := reactortest.NewReactor()
	a, b, left, right := ends(r)
	a.Transport = failing{a.Transport, errors.New("broken")}
	Join(a, b, Splice)
	r.Settle()
	if left.Reason == nil || right.Reason == nil || !a.IsLost() || !b.IsLost() {
		t.Errorf("left: %v, right: %v", left.Reason, right.Reason)
	}
}

func TestLostIsCalled(t *testing.T) {
	for _, mode := range []string{Splice, Relay} {
		r := reactortest.NewReactor()
		a, b, left, _ := ends(r)
		var reasons []error
		a.Lost = func(reason error) { reasons = append(reasons, reason) }
		b.Lost = a.Lost
		Join(a, b, mode)
		left.Transport.LoseConnection()
		r.Settle()
		if len(reasons) != 2 {
			t.Errorf("%s: %v", mode, reasons)
		}
	}
}
