package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

func TestTrapEndsItsInstanceOnly(t *testing.T) {
	for name, c := range map[string]struct {
		do   command
		want []string // of one line of the log
	}{
		"unreachable":         {command{op: opTrap}, []string{"guest failed", "trap in data_received: unreachable", "conn="}},
		"out of bounds":       {command{op: opPoke, args: []int64{0xfffffff0}, text: "x"}, []string{"guest failed", "out of bounds memory access"}},
		"import's range":      {command{op: 5, args: []int64{0x7fffffff, 100}}, []string{"guest failed", "out of bounds memory access by an import"}},
		"wraps past 4 GiB":    {command{op: 5, args: []int64{-8, 16}}, []string{"guest failed", "out of bounds memory access by an import"}},
		"endless loop":        {command{op: opSpin, args: []int64{1 << 60}}, []string{"limit exceeded", "limit=fuel", "value=3000000", "conn="}},
		"endless imports":     {command{op: opSpinImport, args: []int64{1 << 60}}, []string{"limit exceeded", "limit=fuel"}},
		"exponential calls":   {command{op: opTwice, args: []int64{60}}, []string{"limit exceeded", "limit=fuel"}},
		"deep recursion":      {command{op: opRecurse, args: []int64{1 << 30}}, []string{"limit exceeded", "limit=stack", "value=1MiB", "conn="}},
		"proc_exit":           {command{op: opProcExit, args: []int64{3}}, []string{"guest failed", "guest exited with status 3"}},
		"random of 4 GiB":     {command{op: 5, args: []int64{0, -1}}, []string{"guest failed", "out of bounds memory access by an import"}},
		"random of all of it": {command{op: 5, args: []int64{0, 11 << 16}}, []string{"guest failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			p, _, address := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 3_000_000}})
			neighbour := newPuppet(t, dial(t, address))
			if name == "random of all of it" {
				// It overwrites the guest, which then does something stupid, or nothing any more.
				p.begin(c.do)
				p.Conn.(interface{ CloseWrite() error }).CloseWrite()
			} else {
				p.begin(c.do)
				w.log.Wait(t, c.want...)
			}
			drained(t, p)
			if neighbour.do(opCount) <= 0 {
				t.Error("the neighbour is gone")
			}
			newPuppet(t, dial(t, address)).expect(abi.ConnectionMade)
		})
	}
}

func TestTrapNamesTheGuestsFunctions(t *testing.T) {
	w := newWorld(t)
	s := w.service(w.load("g", guestbuild.WatText(t, `(module (memory (export "memory") 1)
		(func $inner.f (param i64) (result i32) (unreachable))
		(func $outer (param i32) (result i64 i64) (drop (call $inner.f (i64.const 0))) (i64.const 0) (i64.const 0))
		(func $made (export "connection_made") (param i32) (call $outer (i32.const 0)) (drop) (drop)))`)), host.ServiceConfig{})
	knock(t, w.serve(s))
	w.log.Wait(t, `error="trap in connection_made: unreachable (in inner.f < outer < made)"`)
}

func TestTrapInEachEvent(t *testing.T) {
	for e, kind := range puppetEvents {
		if kind == 0 || kind == abi.WhenRunning || kind == abi.HandshakeCompleted || kind == abi.DatagramReceived {
			continue
		}
		t.Run(kind.String(), func(t *testing.T) {
			w := newWorld(t, withNames(names{}))
			p, _, address := w.pull(host.ServiceConfig{
				Isolation: host.PerService, Grants: grants(t, "dial=tcp:loopback:*", "resolve")}, "HALF_CLOSE")
			p.expect(abi.ConnectionMade)
			c := dial(t, address)
			conn := int64(p.expect(abi.ConnectionMade).a)
			p.do(opDoIn, int64(e), opTrap, 0)
			switch kind {
			case abi.ConnectionMade:
				knock(t, address)
			case abi.DataReceived:
				send(t, c, "x")
			case abi.ConnectionLost:
				p.begin(p.importing("abort_connection", conn))
			case abi.ReadConnectionLost:
				c.(interface{ CloseWrite() error }).CloseWrite()
			case abi.WriteConnectionLost:
				p.begin(p.importing("lose_write_connection", conn))
			case abi.ConnectFailed:
				p.begin(p.texting("connect", "tcp:127.0.0.1:1"))
			case abi.PauseProducing:
				flood := encode(p.importing("write", conn, int64(p.scratch), 200_000))
				go func() { // one at a time, so that none goes beyond the output limit before the event
					for {
						if _, err := p.Write(flood); err != nil {
							return // it trapped
						}
						if _, _, err := p.read(); err != nil {
							return
						}
					}
				}()
			case abi.ResumeProducing:
				p.flood(conn)
				go drained(t, c)
			case abi.TimerFired:
				p.begin(p.importing("call_later", 0))
			case abi.Completed:
				p.begin(p.texting("resolve", "example.org"))
			}
			w.log.Wait(t, "guest failed", "trap in "+kind.String()+": unreachable")
			drained(t, c) // it is reset with the rest of the instance
			drained(t, p)
		})
	}
}

func TestSharedInstanceIsMadeAnew(t *testing.T) {
	for _, isolation := range []host.Isolation{host.PerLoop, host.PerService} {
		t.Run(isolation.String(), func(t *testing.T) {
			w := newWorld(t)
			p, s, address := w.pull(host.ServiceConfig{Isolation: isolation})
			p.do(opCount)
			p.begin(command{op: opTrap})
			drained(t, p)
			// It had not lived for a second, so it is not made anew at once, and connections are refused meanwhile.
			w.log.Wait(t, "connections are refused", "instance failed", "made anew in 1s")
			if s.Stats().Circuit == "" || s.Stats().Traps != 1 {
				t.Errorf("stats %+v", s.Stats())
			}
			if isolation == host.PerService {
				if got := knock(t, address); got != "" {
					t.Errorf("a refused connection got %q", got)
				}
			}
			w.log.Wait(t, "connections are accepted again")
			q := newPuppet(t, dial(t, address))
			if n := q.do(opCount); n != 2 { // restored counts one
				t.Errorf("the new instance is not fresh: %d", n)
			}
			if s.Stats().Circuit != "" {
				t.Errorf("circuit %q", s.Stats().Circuit)
			}
		})
	}
}

func TestStartUpFails(t *testing.T) {
	w := newWorld(t)
	const buffer = `(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))`
	for name, c := range map[string]struct{ text, want string }{
		"refuses":        {`(func (export "wasmnet_start") (result i32) (i32.const 7))`, "wasmnet_start returned 7: it refuses to start"},
		"traps":          {`(func $f (export "_initialize") (unreachable))`, "trap in _initialize: unreachable"},
		"start section":  {`(func $f (unreachable)) (start $f)`, "trap in the start function: unreachable"},
		"spins":          {`(func (export "wasmnet_start") (result i32) (loop (br 0)) (i32.const 0))`, "limit fuel=1000000 exceeded"},
		"start spins":    {`(func $f (loop (br 0))) (start $f)`, "limit fuel=1000000 exceeded"},
		"no buffer":      {`(func (export "data_received") (param i32 i32))`, "export data_received: there is no receive buffer"},
		"data outside":   {`(data (i32.const 65530) "1234567")`, "data segment 0: bytes 65530 to 65537 are outside of the memory of 65536 bytes"},
		"buffer outside": {buffer + `(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 65000) (i32.const 1024)))`, "out of bounds memory access by an import"},
	} {
		t.Run(name, func(t *testing.T) {
			memory := `(memory (export "memory") 1)`
			text := c.text
			imports := ""
			if rest, ok := strings.CutPrefix(text, buffer); ok {
				imports, text = buffer, rest
			}
			m := w.load("guest.wasm", guestbuild.WatText(t, "(module "+imports+memory+text+")"))
			_, err := w.NewService(m, w.reactor, host.ServiceConfig{Limits: host.Limits{Fuel: 1_000_000}})
			var e *host.ModuleError
			if !errors.As(err, &e) || !strings.HasPrefix(err.Error(), "module guest.wasm: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("NewService: %v, want %q", err, c.want)
			}
		})
	}
}

func TestImportsDuringStartUp(t *testing.T) {
	w := newWorld(t)
	// Every import that makes something is denied, so that no image holds a handle.
	text := `(module
		(import "wasmnet_v1" "call_later" (func $call_later (param i64) (result i32)))
		(import "wasmnet_v1" "connect" (func $connect (param i32 i32) (result i32)))
		(import "wasmnet_v1" "listen" (func $listen (param i32 i32) (result i32)))
		(import "wasmnet_v1" "resolve" (func $resolve (param i32 i32) (result i32)))
		(import "wasmnet_v1" "defer_to_thread" (func $defer (param i32 i32) (result i32)))
		(import "wasmnet_v1" "stop" (func $stop (param i32) (result i32)))
		(import "wasmnet_v1" "task_result" (func $task_result (param i32 i32) (result i32)))
		(memory (export "memory") 1)
		(data (i32.const 0) "tcp:127.0.0.1:1")
		(func (export "wasmnet_start") (result i32)
			(i32.add (call $call_later (i64.const 0))
			(i32.add (call $connect (i32.const 0) (i32.const 15))
			(i32.add (call $listen (i32.const 0) (i32.const 5))
			(i32.add (call $resolve (i32.const 0) (i32.const 5))
			(i32.add (call $defer (i32.const 0) (i32.const 0))
			(i32.add (call $stop (i32.const 0))
				(call $task_result (i32.const 0) (i32.const 0))))))))))`
	_, err := w.NewService(w.load("g", guestbuild.WatText(t, text)), w.reactor, host.ServiceConfig{Program: true})
	if err == nil || !strings.Contains(err.Error(), "wasmnet_start returned -21: ") {
		t.Errorf("NewService: %v, want seven times DENIED", err)
	}
}

// flood writes to a connection whose peer does not read until output is queued above the high-water mark.
func (p *puppet) flood(conn int64) {
	p.Helper()
	for p.call("write", conn, 0, 0) < 64<<10 {
		p.begin(p.importing("write", conn, int64(p.scratch), 200_000))
		if kind, _ := p.frame(); kind != 'R' {
			p.Fatalf("report %c", kind)
		}
	}
}
