package reactortest_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestStop(t *testing.T) {
	r, f, _ := network(t, "tcp:80")
	if _, ok := r.Stopped(); ok {
		t.Error("stopped before Stop")
	}
	if err := r.Stop(3); err != nil {
		t.Fatal(err)
	}
	if err := r.Stop(4); !errors.Is(err, protocol.ErrNotRunning) {
		t.Errorf("a second Stop: %v", err)
	}
	r.Settle()
	f.check(t, "start stop")
	if status, ok := r.Stopped(); !ok || status != 3 {
		t.Errorf("stopped with %d, %v", status, ok)
	}
	if _, err := r.Listen("tcp:81", f); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("Listen after Stop: %v", err)
	}
}

func TestCallFromThread(t *testing.T) {
	r, c := reactortest.NewReactor(), &calls{}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { r.CallFromThread(c.add("x")) })
	}
	wait.Wait()
	c.check(t, "")
	r.Settle()
	c.check(t, "x x x x")
}

func TestSettleGivesUp(t *testing.T) {
	r := reactortest.NewReactor()
	var again func()
	again = func() { r.CallLater(0, again) }
	again()
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "still something to do") {
			t.Errorf("panic %s", p)
		}
	}()
	r.Settle()
}

func TestTimersAndTurns(t *testing.T) {
	r, c := reactortest.NewReactor(), &calls{}
	r.CallLater(second, func() {
		c.add("1")()
		r.CallLater(0, c.add("at once"))
	})
	r.Pump(second/2, second/2)
	c.check(t, "1 at once")
}

func TestUnhandledErrors(t *testing.T) {
	r := reactortest.NewReactor()
	deferred.Fail[int](r, errors.New("lost"))
	r.Turn()
	if len(r.Unhandled) != 1 {
		t.Errorf("unhandled: %v", r.Unhandled)
	}
}

func init() {
	protocol.HandleTask("reactortest.double", func(in []byte) ([]byte, error) {
		if len(in) == 0 {
			return in, errors.New("nothing to double")
		}
		return append(in, in...), nil
	})
}

func TestRequests(t *testing.T) {
	r := reactortest.NewReactor()
	var heard []string
	resolved := func(a []string, err error) { heard = append(heard, fmt.Sprint(a, " ", err)) }
	doubled := func(b []byte, err error) { heard = append(heard, fmt.Sprint(string(b), " ", err)) }
	check := func(want ...string) {
		t.Helper()
		if strings.Join(heard, "|") != strings.Join(want, "|") {
			t.Errorf("heard %q, want %q", heard, want)
		}
		heard = nil
	}
	r.Resolve("localhost", resolved)
	r.Resolve("192.0.2.9", resolved)
	r.Resolve("nowhere", resolved)
	r.Resolve("localhost", resolved).Cancel()
	check()
	r.Settle()
	check("[127.0.0.1 ::1] <nil>", "[192.0.2.9] <nil>",
		`[] name could not be resolved: "nowhere" is not in Hosts`, "[] connecting was cancelled")

	input := []byte("ab")
	r.DeferToThread("reactortest.double", input, doubled)
	input[0] = 'x'
	r.DeferToThread("reactortest.double", nil, doubled)
	r.DeferToThread("no such", nil, doubled)
	check()
	r.Settle()
	check("abab <nil>", " nothing to double", ` no task "no such" is registered`)

	r.HoldTasks = true
	q := r.DeferToThread("reactortest.double", []byte("c"), doubled)
	r.DeferToThread("reactortest.double", []byte("d"), doubled)
	r.Settle()
	check()
	q.Cancel()
	r.Settle()
	check(" connecting was cancelled")
	ran := 0
	for r.RunTask() {
		ran++
	}
	if ran != 2 {
		t.Errorf("%d tasks, want 2", ran)
	}
	r.Settle()
	check("dd <nil>")
	q.Cancel()
	r.Settle()
	check()
}
