package host_test

import (
	"encoding/binary"
	"io"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

// interesting are arguments that tend to break things: the ends of memory, of 32 and 64 bits, and handles.
var interesting = []int64{0, 1, 2, 3, -1, 1 << 16, 11<<16 - 1, 11 << 16, 11<<16 - 1024, 1<<31 - 1, -1 << 31, 1<<32 - 1, 1 << 32,
	1<<63 - 1, -1 << 63, 1<<20 + 1, 1<<20 + 2, 64 << 10, 4096}

// FuzzImports has a guest call imports, in any order and with any arguments, within one event or several. Whatever
// they do to that guest, its neighbour on the same loop must notice nothing, the next connection's instance must be
// fresh, and the host must not fault.
func FuzzImports(f *testing.F) {
	w := newWorld(f, oneLoop, withNames(names{}))
	p, _, _ := w.pull(host.ServiceConfig{Limits: host.Limits{Idle: host.Unlimited}})
	p.SetDeadline(time.Time{})
	_, _, address := w.pull(host.ServiceConfig{
		Grants: grants(f, "dial=tcp:loopback:1-1023", "listen=tcp:loopback:*", "resolve"),
		Limits: host.Limits{Fuel: 3_000_000, Memory: 2 << 20, Timers: 8, Handles: 8, Dials: 2, LogRate: 1,
			Idle: 300 * time.Millisecond}, // for a guest that stops reading does not see its peer go
	})
	for n := range abi.Imports {
		seed := []byte{byte(n)}
		for k := range 5 {
			seed = append(seed, byte(n+k))
		}
		f.Add(seed)
	}
	for op := opFdWrite; op <= opProcExit; op++ {
		f.Add([]byte{byte(op), 1, 8, 9, 200, 4, 0, byte(op), 2, 2, 2, 2, 2})
	}
	f.Add([]byte{21, 0, 0, 0, 0, 0, 24, 0, 1, 0, 0, 0, 8, 1, 0, 0, 0, 0, 13, 6, 5, 0, 0, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		p.TB = t
		q := &puppet{TB: t, Conn: dial(t, address), scratch: p.scratch}
		var event []command
		for len(program) >= 6 && len(event) < 64 {
			c := command{op: int(program[0]) % (opProcExit + 1), text: "tcp:127.0.0.1:1"}
			for _, b := range program[1:6] {
				v := int64(b) << 8
				if int(b) < len(interesting) {
					v = interesting[b]
				} else if b >= 128 {
					v = int64(p.scratch) + int64(b) - 128
				}
				c.args = append(c.args, v)
			}
			if program[5]&1 == 1 && len(program) >= 14 {
				c.args[0] = int64(binary.LittleEndian.Uint64(program[6:14]))
			}
			event = append(event, c)
			program = program[6:]
		}
		half := len(event) / 2
		q.Write(encode(event[:half]...))
		q.Write(encode(event[half:]...))
		q.Conn.(interface{ CloseWrite() error }).CloseWrite()
		io.Copy(io.Discard, q)
		if p.do(opCount) <= 0 {
			t.Error("the neighbour is disturbed")
		}
		if n := newPuppet(t, dial(t, address)).do(opCount); n != 2 { // restored counts one
			t.Errorf("the next instance is not fresh: it counts %d", n)
		}
		if log := w.log.Take(); contains(log, "fault in the host") || contains(log, "panic") {
			t.Fatal(log)
		}
		p.TB = f
	})
}

func FuzzManifest(f *testing.F) {
	echo := wat(f, "echo.wat")
	f.Add(`{"name":"echo","abi":"wasmnet_v1","isolation":"loop","capabilities":{"dial":["tcp:*:6379"],"resolve":true},
		"limits":{"timers":"500"},"config":[{"key":"greeting","default":"hello","help":"what to say"}]}`)
	f.Add(`{}`)
	f.Add(`{"capabilities":{"dial":["tcp:[::1]/128:1-2","unix:/run/*"]}}`)
	f.Fuzz(func(t *testing.T, manifest string) {
		info, err := host.Inspect("g", withManifest(echo, manifest))
		if err == nil && info.Manifest == nil {
			t.Error("a module with a manifest has none")
		}
	})
}

func FuzzPatterns(f *testing.F) {
	for _, s := range []string{"tcp:*:80", "tls:*.example.org:443", "unix:/run/x*", "*:[2001:db8::]/32:1-65535", "udp:localhost:53",
		"tcp:10.0.0.0/8:*", "unix:@abstract"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := host.ParsePattern(s)
		if err != nil {
			return
		}
		q, err := host.ParsePattern(p.String())
		if err != nil || q != p {
			t.Errorf("%q reads as %v, and that as %v, %v", s, p, q, err)
		}
	})
}

func FuzzLimits(f *testing.F) {
	for _, s := range []string{"fuel=1", "memory=64MiB", "idle=1h3m", "rate-in=none", "x", "=", "fuel==", "memory=18446744073709551615GiB"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var l, again host.Limits
		if l.Set(s) != nil {
			return
		}
		if err := again.Set(l.String()); err != nil || again != l {
			t.Errorf("%q reads as %s, and that as %s, %v", s, &l, &again, err)
		}
	})
}
