package host_test

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagramEcho answers each datagram with how many it has had and what it said, traps at one that begins with "!", and
// closes the port at one that begins with ".".
const datagramEcho = `(module
	(import "wasmnet_v1" "set_receive_buffer" (func $buffer (param i32 i32) (result i32)))
	(import "wasmnet_v1" "send_datagram" (func $send (param i32 i32 i32 i32 i32) (result i32)))
	(import "wasmnet_v1" "stop_listening" (func $stop (param i32) (result i32)))
	(memory (export "memory") 1)
	(global $had (mut i32) (i32.const 48))
	(func (export "wasmnet_start") (result i32) (call $buffer (i32.const 1024) (i32.const 4096)))
	(func (export "connection_made") (param i32))
	(func (export "datagram_received") (param $port i32) (param $len i32) (param $from i32)
		(local $first i32)
		(local.set $first (i32.load8_u (i32.const 1024)))
		(if (i32.eq (local.get $first) (i32.const 33)) (then unreachable))
		(if (i32.eq (local.get $first) (i32.const 46)) (then (drop (call $stop (local.get $port))) (return)))
		(global.set $had (i32.add (global.get $had) (i32.const 1)))
		(i32.store8 (i32.const 1023) (global.get $had))
		(drop (call $send (local.get $port) (i32.const 1023) (i32.add (local.get $len) (i32.const 1))
			(i32.add (i32.const 1024) (local.get $len)) (local.get $from)))))`

func serveDatagrams(t *testing.T, isolation host.Isolation) (w *world, s *host.Service, ask func(text, want string)) {
	t.Helper()
	w = newWorld(t)
	s = w.service(w.load("echo.wasm", withManifest(guestbuild.WatText(t, datagramEcho), `{"isolation":"service"}`)), host.ServiceConfig{Isolation: isolation})
	port, err := s.Listen("udp:0:interface=127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("udp", port.Host().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return w, s, func(text, want string) {
		t.Helper()
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if want == "" {
			return
		}
		buf := make([]byte, 100)
		if n, err := c.Read(buf); err != nil || string(buf[:n]) != want {
			t.Errorf("the answer to %q is %q, %v, want %q", text, buf[:n], err, want)
		}
	}
}

func TestServedDatagrams(t *testing.T) {
	for _, isolation := range isolations {
		t.Run(isolation.String(), func(t *testing.T) {
			_, s, ask := serveDatagrams(t, isolation)
			ask("one", "1one")
			ask("two", "2two")
			if st := s.Stats(); st.Instances < 1 {
				t.Errorf("%d instances", st.Instances)
			}
		})
	}
}

// A guest that a datagram ends is followed by a fresh one, on the same port.
func TestServedDatagramsOutliveTheirGuest(t *testing.T) {
	_, s, ask := serveDatagrams(t, host.PerConnection)
	ask("one", "1one")
	for n := range uint64(3) {
		ask("!", "")
		ask("again", "1again")
		ask("more", "2more")
		if got := s.Stats().Traps; got != n+1 {
			t.Errorf("%d traps, want %d", got, n+1)
		}
	}
}

// A guest may close the port that it was given.
func TestServedDatagramsEndWithTheGuestsWish(t *testing.T) {
	w, s, ask := serveDatagrams(t, host.PerConnection)
	ask("one", "1one")
	ask(".", "")
	w.log.Wait(t, "its guest has closed a datagram port")
	if st := s.Stats(); st.Traps != 0 {
		t.Errorf("%d traps", st.Traps)
	}
}

func TestServingDatagramsNeedsTheExport(t *testing.T) {
	w := newWorld(t)
	s := w.service(w.load("echo.wasm", wat(t, "echo.wat")), host.ServiceConfig{})
	if _, err := s.Listen("udp:0:interface=127.0.0.1"); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("error %v", err)
	}
}
