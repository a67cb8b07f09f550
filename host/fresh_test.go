package host_test

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

// A connection fills all of its memory with a secret, grows it and fills that too, changes globals, and ends in each
// possible way. The next connection's guest reads all of its memory: not one byte differs from what the first
// connection's guest saw when it was fresh.
func TestEveryInstanceIsFresh(t *testing.T) {
	for name, end := range map[string]func(p *puppet){
		"the peer closes": func(p *puppet) { p.Close() },
		"its receive buffer is elsewhere": func(p *puppet) {
			p.call("set_receive_buffer", 0, 4096)
			p.Close()
		},
		"the peer resets":     func(p *puppet) { reset(p) },
		"the guest closes":    func(p *puppet) { p.begin(p.importing("lose_connection", 1)) },
		"the guest aborts":    func(p *puppet) { p.begin(p.importing("abort_connection", 1)) },
		"it traps":            func(p *puppet) { p.begin(command{op: opTrap}) },
		"its stack overflows": func(p *puppet) { p.begin(command{op: opRecurse, args: []int64{1 << 30}}) },
		"its fuel runs out":   func(p *puppet) { p.begin(command{op: opSpin, args: []int64{1 << 60}}) },
		"it exits":            func(p *puppet) { p.begin(command{op: opProcExit}) },
		"it closes in an event": func(p *puppet) {
			p.do(opDoIn, 15, 9, 0, 1)
			p.begin(p.importing("call_later", 0))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, oneLoop)
			p, s, address := w.pull(host.ServiceConfig{Limits: host.Limits{Fuel: 30_000_000}}, "NO_RESTORED")
			fresh := memoryOf(p)
			p.Close()
			w.log.Wait(t, "connection closed", p.LocalAddr().String())
			for round := range 3 {
				q := newPuppet(t, dial(t, address))
				q.spoil()
				end(q)
				drained(t, q)
				w.log.Wait(t, "connection closed", q.LocalAddr().String())

				next := newPuppet(t, dial(t, address))
				if got := memoryOf(next); got != fresh {
					t.Fatalf("round %d: %s", round, difference(fresh, got))
				}
				next.Close()
				w.log.Wait(t, "connection closed", next.LocalAddr().String())
			}
			if st := s.Stats(); st.Recycled == 0 {
				t.Errorf("nothing was recycled: %+v", st.Totals)
			}
		})
	}
}

// spoil writes to every page that the guest can reach without taking its own code's data away.
func (p *puppet) spoil() {
	p.Helper()
	secret := make([]byte, 1024)
	rand.Read(secret)
	p.do(opCount)
	before := p.do(opGrow, 4)
	size := (before + 4) << 16
	text := "secret" + string(secret)
	// The guest's stack and data are below scratch; the rest is free.
	for at := int64(p.scratch) + 128<<10; at < size-int64(len(text)); at += 4096 {
		if at > int64(p.scratch)+256<<10-8192 && at < before<<16-4096 {
			continue // what it keeps behind scratch
		}
		p.doText(text, opPoke, at)
	}
	p.call("call_later", 1<<50)
}

// memoryOf returns all of the guest's memory, as far as talking to it does not change it.
func memoryOf(p *puppet) string {
	p.Helper()
	size := p.do(opSize) << 16
	// The stack, the buffers that commands pass through, and the event's frame are used by asking; all else is read.
	all := make([]byte, 0, size)
	const piece = 32 << 10
	for at := int64(0); at < size; at += piece {
		all = append(all, p.peek(uint32(at), piece)...)
	}
	return string(all)
}

func difference(want, got string) string {
	if len(want) != len(got) {
		return fmt.Sprintf("memory of %d bytes, want %d", len(got), len(want))
	}
	for n := range want {
		if want[n] != got[n] {
			return fmt.Sprintf("byte %d differs: %q, want %q", n, got[n:min(n+40, len(got))], want[n:min(n+40, len(want))])
		}
	}
	return "no difference"
}

func reset(p *puppet) {
	if c, ok := p.Conn.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0)
	}
	p.Close()
}

// The same while many connections come and go.
func TestInstancesAreFreshUnderLoad(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{}, "NO_RESTORED")
	p.expect(abi.ConnectionMade)
	fresh := p.do(opHash)
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			for round := range 30 {
				q := newPuppet(t, dial(t, address))
				q.expect(abi.ConnectionMade)
				if got := q.do(opHash); got != fresh {
					t.Errorf("round %d: the memory's hash is %x, want %x", round, got, fresh)
				}
				q.do(opGrow, 1)
				q.doText("secret", opPoke, int64(q.scratch)+100_000)
				q.do(opCount)
				switch round % 3 {
				case 0:
					reset(q)
				case 1:
					q.begin(command{op: opTrap})
					io.Copy(io.Discard, q)
				default:
					q.Close()
				}
			}
		})
	}
	clients.Wait()
}
