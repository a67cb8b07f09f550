package host_test

import (
	"encoding/binary"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
)

// waiter polls with what it receives: eight bytes of time, and 'b' for a clock and the descriptor of the next event, 'd'
// for the descriptor alone, 'c' for the clock alone. It answers with the number of events and the userdata of the first
// one: 1 for the clock, 2 for the descriptor. It answers a wake-up with "W" and the timer's handle.
const waiter = `(module
	(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
	(import "wasmnet_v1" "write" (func $write (param i32 i32 i32) (result i32)))
	(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
	(memory (export "memory") 1)
	(global $conn (mut i32) (i32.const 0))
	(data (i32.const 8192) "\01") (data (i32.const 8208) "\01")
	(data (i32.const 8240) "\02") (data (i32.const 8248) "\01") (data (i32.const 8258) "\10")
	(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 0) (i32.const 4096)))
	(func (export "data_received") (param $conn i32) (param $n i32)
		(local $what i32)
		(global.set $conn (local.get $conn))
		(local.set $what (i32.load8_u (i32.const 8)))
		(i64.store (i32.const 8216) (i64.load (i32.const 0)))
		(drop (call $poll
			(select (i32.const 8240) (i32.const 8192) (i32.eq (local.get $what) (i32.const 100)))
			(i32.const 12288)
			(select (i32.const 2) (i32.const 1) (i32.eq (local.get $what) (i32.const 98)))
			(i32.const 16384)))
		(i32.store8 (i32.const 16385) (i32.load8_u (i32.const 12288)))
		(drop (call $write (local.get $conn) (i32.const 16384) (i32.const 2))))
	(func (export "timer_fired") (param $timer i32)
		(i32.store8 (i32.const 20000) (i32.const 87))
		(i32.store8 (i32.const 20001) (local.get $timer))
		(drop (call $write (global.get $conn) (i32.const 20000) (i32.const 2)))))`

func poll(t testing.TB, c net.Conn, what string, d time.Duration, answer string) {
	t.Helper()
	send(t, c, string(binary.LittleEndian.AppendUint64(nil, uint64(d)))+what)
	receive(t, c, answer)
}

const (
	clockExpired = "\x01\x01"
	eventIsDue   = "\x01\x02"
	woken        = "W\x00"
)

func TestWakeUps(t *testing.T) {
	w := newWorld(t)
	s := w.service(w.load("waiter.wasm", guestbuild.WatText(t, waiter)), host.ServiceConfig{})
	address := w.serve(s)
	c := dial(t, address)
	poll(t, c, "b", 0, clockExpired)
	poll(t, c, "c", time.Hour, clockExpired) // as ever
	poll(t, c, "b", time.Millisecond, eventIsDue)
	receive(t, c, woken)
	// Once for each time it asked; and the last word counts.
	poll(t, c, "b", time.Hour, eventIsDue)
	poll(t, c, "d", 0, eventIsDue) // waits for events alone
	poll(t, c, "b", 1<<63-1, eventIsDue)
	poll(t, c, "b", 2*time.Millisecond, eventIsDue)
	receive(t, c, woken)
	began := time.Now()
	poll(t, c, "b", 50*time.Millisecond, eventIsDue)
	receive(t, c, woken)
	if took := time.Since(began); took < 50*time.Millisecond {
		t.Errorf("woken after %v", took)
	}
	c.Close()
	if line := w.log.Wait(t, "connection closed", c.LocalAddr().String()); !strings.Contains(line, "bill.timers=") {
		t.Error(line)
	}
}

// An instance that ends is not woken any more, nor is the one that follows it.
func TestWakeUpsEndWithTheInstance(t *testing.T) {
	w := newWorld(t, oneLoop)
	s := w.service(w.load("waiter.wasm", guestbuild.WatText(t, waiter)), host.ServiceConfig{})
	address := w.serve(s)
	c := dial(t, address)
	poll(t, c, "b", 50*time.Millisecond, eventIsDue)
	c.Close()
	w.log.Wait(t, "connection closed", c.LocalAddr().String())
	d := dial(t, address)
	poll(t, d, "d", 0, eventIsDue)
	began := time.Now()
	poll(t, d, "b", 100*time.Millisecond, eventIsDue)
	receive(t, d, woken)
	if took := time.Since(began); took < 100*time.Millisecond {
		t.Errorf("woken after %v, by what another one asked for", took)
	}
}

// A guest may ask to be woken at once, again and again: each is an event of its own, and other connections go on.
func TestWakeUpsAreEvents(t *testing.T) {
	restless := strings.Replace(waiter, `(i32.store8 (i32.const 20000)`, `(drop (call $poll (i32.const 8192) (i32.const 12288)
			(i32.const 2) (i32.const 16384)))
		(i32.store8 (i32.const 20000)`, 1)
	restless = strings.Replace(restless, "(drop (call $write (global.get $conn)", "(drop (call $write (i32.const -1)", 1)
	w := newWorld(t, oneLoop)
	s := w.service(w.load("restless.wasm", guestbuild.WatText(t, restless)), host.ServiceConfig{Limits: host.Limits{Fuel: 1_000_000, FuelRate: 1_000_000}})
	address := w.serve(s)
	c := dial(t, address)
	poll(t, c, "b", 1, eventIsDue)
	for range 100 {
		d := dial(t, address)
		poll(t, d, "b", 0, clockExpired)
		d.Close()
	}
	w.log.Wait(t, "limit exceeded", "limit=fuel-rate", c.LocalAddr().String())
}
