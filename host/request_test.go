package host_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/reactor"
)

func TestResolve(t *testing.T) {
	w := newWorld(t, withNames(names{"example.org": {netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}}))
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "resolve=example.org", "resolve=*.example.org")})
	p.expect(abi.ConnectionMade)
	for name, want := range map[string]event{
		"example.org":     {c: 21, data: "192.0.2.1\n2001:db8::1"},
		"no.example.org":  {b: int32(abi.NotFound)},
		"www.EXAMPLE.org": {b: int32(abi.NotFound)},
	} {
		r := p.callText("resolve", name)
		e := p.expect(abi.Completed)
		if r <= 0 || int64(e.a) != r || e.b != want.b || e.c != want.c || e.data != want.data {
			t.Errorf("resolve %s: %d, %v", name, r, e)
		}
	}
	for name, want := range map[string]abi.Code{"": abi.Invalid, "other.org": abi.Denied, "notexample.org": abi.Denied} {
		if got := p.callText("resolve", name); abi.Code(got) != want {
			t.Errorf("resolve %q: %d, want %d", name, got, want)
		}
	}
}

// stuck is a resolver that answers when its question is withdrawn.
type stuck struct{}

func (stuck) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestCancel(t *testing.T) {
	w := newWorld(t, func(_ *host.Config, rc *reactor.Config) { rc.Resolver = stuck{} })
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "resolve")})
	p.expect(abi.ConnectionMade)
	for _, request := range []int64{p.callText("resolve", "example.org"), p.callText("defer_to_thread", "spin")} {
		if got := p.all(p.importing("cancel", request), p.importing("cancel", request)); got[0] != 0 || got[1] != 0 {
			t.Errorf("cancel: %d", got)
		}
		if e := p.expect(abi.Completed); int64(e.a) != request || abi.Code(e.b) != abi.Cancelled || e.c != 0 {
			t.Errorf("%v", e)
		}
		if code := p.call("cancel", request); abi.Code(code) != abi.Handle {
			t.Errorf("cancelling what is over: %d", code)
		}
	}
}

func TestDeferToThread(t *testing.T) {
	w := newWorld(t)
	p, s, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 10_000_000}})
	p.expect(abi.ConnectionMade)
	for input, want := range map[string]event{
		"up with it": {b: 10, data: "UP WITH IT"},
		"spin":       {b: int32(abi.Limit)},
		"trap":       {b: int32(abi.IO)},
		"denied":     {b: int32(abi.Denied)},
	} {
		for range 3 { // workers are used again
			r := p.callText("defer_to_thread", input)
			if e := p.expect(abi.Completed); int64(e.a) != r || e.b != want.b || e.data != want.data {
				t.Errorf("%s: %v, want status %d and %q", input, e, want.b, want.data)
			}
		}
	}
	if n := p.call("defer_to_thread", int64(p.scratch), 65537); abi.Code(n) != abi.TooBig {
		t.Errorf("an input above the receive buffer: %d", n)
	}
	if code := p.callText("task_result", "x"); abi.Code(code) != abi.Denied {
		t.Errorf("task_result outside a task: %d", code)
	}
	p.Close()
	w.log.Wait(t, "connection closed")
	if st := s.Stats(); st.Tasks != 12 || st.Traps != 3 || st.Breaches["fuel"] != 3 {
		t.Errorf("stats %+v", st)
	}
}

func TestTasksEndWithTheirConnection(t *testing.T) {
	w := newWorld(t)
	p, _, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 1 << 60}})
	p.expect(abi.ConnectionMade)
	p.callText("defer_to_thread", "spin")
	p.Close()
	w.log.Wait(t, "connection closed")
	// The world ends only when the task has.
}

func TestHandlesCount(t *testing.T) {
	w := newWorld(t, func(_ *host.Config, rc *reactor.Config) { rc.Resolver = stuck{} })
	p, _, _ := w.pull(host.ServiceConfig{Grants: grants(t, "resolve"), Limits: host.Limits{Handles: 2}})
	p.expect(abi.ConnectionMade)
	r := p.callText("resolve", "a")
	p.callText("resolve", "b")
	if code := p.callText("resolve", "c"); abi.Code(code) != abi.Limit {
		t.Errorf("the third of two handles: %d", code)
	}
	p.call("cancel", r)
	p.expect(abi.Completed)
	if p.callText("resolve", "c") <= 0 {
		t.Error("a request that is over still counts")
	}
}

func TestExec(t *testing.T) {
	const program = `(module
		(import "wasmnet_v1" "call_later" (func $later (param i64) (result i32)))
		(import "wasmnet_v1" "stop" (func $stop (param i32) (result i32)))
		(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
		(import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
		(memory (export "memory") 1)
		(data (i32.const 0) "\10\00\00\00\06\00\00\00")
		(data (i32.const 16) "hello\n")
		(func (export "when_running") %s)
		(func (export "timer_fired") (param i32) %s))`
	w := newWorld(t)
	for name, c := range map[string]struct {
		running, fired string
		status         int
		err            string
		out            string
	}{
		"ends at once":        {"", "", 0, "", ""},
		"prints":              {"(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))", "", 0, "", "hello\n"},
		"ends with its timer": {"(drop (call $later (i64.const 1000000)))", "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 100)))", 0, "", "hello\n"},
		"stops":               {"(drop (call $later (i64.const 1000000000000))) (drop (call $stop (i32.const 7)))", "", 7, "", ""},
		"stops in a timer":    {"(drop (call $later (i64.const 0)))", "(drop (call $stop (i32.const 8)))", 8, "", ""},
		"exits":               {"(call $exit (i32.const 9))", "", 9, "", ""},
		"status out of range": {"(drop (call $stop (i32.const 256)))", "", 0, "", ""},
		"traps":               {"(unreachable)", "", 0, "trap in when_running: unreachable", ""},
		"traps in a timer":    {"(drop (call $later (i64.const 0)))", "(unreachable)", 0, "trap in timer_fired: unreachable", ""},
		"spins":               {"(loop (br 0))", "", 0, "limit fuel=1000000 exceeded", ""},
	} {
		t.Run(name, func(t *testing.T) {
			out := &logbook.Book{}
			m := w.load("program", guestbuild.WatText(t, sprintf(program, c.running, c.fired)))
			s := w.service(m, host.ServiceConfig{Program: true, Stdout: out, Limits: host.Limits{Fuel: 1_000_000}})
			status, err := s.Exec(t.Context())
			if status != c.status || (err == nil) != (c.err == "") || err != nil && !contains(err.Error(), c.err) {
				t.Errorf("Exec: %d, %v; want %d, %q", status, err, c.status, c.err)
			}
			if out.String() != c.out {
				t.Errorf("output %q, want %q", out.String(), c.out)
			}
		})
	}
}

func TestExecEndsWithItsContext(t *testing.T) {
	w := newWorld(t)
	m := w.load("program", guestbuild.WatText(t, `(module (import "wasmnet_v1" "call_later" (func $later (param i64) (result i32)))
		(memory (export "memory") 1) (func (export "when_running") (drop (call $later (i64.const 1000000000000)))))`))
	s := w.service(m, host.ServiceConfig{Program: true})
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := s.Exec(ctx); !errors.Is(err, cause) {
		t.Errorf("Exec: %v", err)
	}
	if _, err := w.service(m, host.ServiceConfig{}).Exec(t.Context()); err == nil {
		t.Error("a server's service runs as a program")
	}
}

func TestServerIsNoProgram(t *testing.T) {
	w := newWorld(t)
	s := w.service(w.load("echo.wat", wat(t, "echo.wat")), host.ServiceConfig{Program: true})
	_, err := s.Exec(t.Context())
	var e *host.ExportError
	if !errors.As(err, &e) || e.Name != "when_running" {
		t.Errorf("Exec: %v", err)
	}
}

func TestConnectProgram(t *testing.T) {
	w := newWorld(t)
	_, echo := w.run("echo.wat", host.ServiceConfig{})
	hello := guestbuild.WatText(t, `(module
		(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
		(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
		(import "wasmnet_v1" "lose_connection" (func $lose (param i32) (result i32)))
		(import "wasmnet_v1" "stop" (func $stop (param i32) (result i32)))
		(import "wasmnet_v1" "log" (func $log (param i32 i32 i32)))
		(memory (export "memory") 1)
		(data (i32.const 0) "hello")
		(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 4096) (i32.const 4096)))
		(func (export "connection_made") (param i32) (drop (call $write (local.get 0) (i32.const 0) (i32.const 5))))
		(func (export "data_received") (param i32 i32)
			(call $log (i32.const 1) (i32.const 4096) (local.get 1)) (drop (call $lose (local.get 0))))
		(func (export "connection_lost") (param i32 i32) (drop (call $stop (i32.const 42)))))`)
	s := w.service(w.load("hello", hello), host.ServiceConfig{Program: true})
	status, err := s.Connect(t.Context(), endpointOf(echo))
	if status != 42 || err != nil {
		t.Errorf("Connect: %d, %v", status, err)
	}
	w.log.Wait(t, "msg=hello", "module=hello")

	_, err = s.Connect(t.Context(), "tcp:127.0.0.1:1:timeout=5")
	if err == nil || !contains(err.Error(), "tcp:127.0.0.1:1") || !contains(err.Error(), "refused") {
		t.Errorf("Connect to nobody: %v", err)
	}
	if _, err := s.Connect(t.Context(), "nonsense"); err == nil {
		t.Error("Connect to nonsense")
	}
}
