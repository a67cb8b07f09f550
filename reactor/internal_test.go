package reactor

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestTimersAgainstModel makes, moves, cancels and calls timers at random, and compares with a list that is sorted
// each time.
func TestTimersAgainstModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var ts timers
	var model []*timer
	now := int64(0)
	for range 20000 {
		switch {
		case len(model) == 0 || rnd.IntN(4) == 0:
			tm := &timer{f: func() {}, due: now + rnd.Int64N(50)}
			ts.add(tm)
			model = append(model, tm)
		case rnd.IntN(3) == 0:
			i := rnd.IntN(len(model))
			ts.remove(model[i].place)
			model[i].place = cancelledTimer
			model = slices.Delete(model, i, i+1)
		case rnd.IntN(2) == 0:
			ts.move(model[rnd.IntN(len(model))], now+rnd.Int64N(50))
		default:
			now += rnd.Int64N(10)
			slices.SortFunc(model, func(a, b *timer) int {
				if (timerEntry{a.due, a.order, a}).before(timerEntry{b.due, b.order, b}) {
					return -1
				}
				return 1
			})
			for len(model) > 0 && model[0].due <= now {
				if ts.pop(now, ts.made) == nil {
					t.Fatalf("at %d nothing is due, want %d", now, model[0].due)
				}
				if model[0].place != calledTimer {
					t.Fatalf("at %d another timer than that of %d was called", now, model[0].due)
				}
				model = model[1:]
			}
			if ts.pop(now, ts.made) != nil {
				t.Fatalf("at %d a timer was called that is not due", now)
			}
		}
		if len(ts.heap) != len(model) {
			t.Fatalf("%d timers in the heap, want %d", len(ts.heap), len(model))
		}
		for i, e := range ts.heap {
			if e.timer.place != i || e.due > e.timer.due {
				t.Fatalf("entry %d: place %d, filed at %d, due at %d", i, e.timer.place, e.due, e.timer.due)
			}
		}
	}
}

func TestSlotsGenerations(t *testing.T) {
	var s slots
	a, b := &port{}, &port{}
	ka := s.take(a)
	kb := s.take(b)
	if s.get(ka) != handler(a) || s.get(kb) != handler(b) {
		t.Error("handlers are not found")
	}
	s.release(ka)
	s.release(ka) // stale: nothing
	kc := s.take(b)
	if kc.slot != ka.slot {
		t.Errorf("slot %d was not used again, but %d", ka.slot, kc.slot)
	}
	if s.get(ka) != nil {
		t.Error("a stale key reaches the slot's next handler")
	}
	s.replace(ka, a)
	if s.get(kc) != handler(b) {
		t.Error("a stale key replaced a handler")
	}
	if s.get(key{}) != nil || s.get(key{slot: 99, generation: 1}) != nil {
		t.Error("a key that was never given out has a handler")
	}
}

func TestOutput(t *testing.T) {
	var stock chunkList
	var o output
	var sent, want []byte
	rnd := rand.New(rand.NewPCG(3, 4))
	next := byte(0)
	for range 400 {
		if rnd.IntN(2) == 0 {
			p := make([]byte, rnd.IntN(3*chunkSize))
			for i := range p {
				p[i] = next
				next++
			}
			o.append(p, &stock)
			want = append(want, p...)
		} else if o.size > 0 {
			n := rnd.IntN(o.size) + 1
			var v []byte
			for _, piece := range o.vector(nil) {
				v = append(v, piece...)
			}
			n = min(n, len(v))
			sent = append(sent, v[:n]...)
			o.consume(n, &stock)
		}
		if o.size != len(want)-len(sent) {
			t.Fatalf("size %d, want %d", o.size, len(want)-len(sent))
		}
	}
	if string(sent) != string(want[:len(sent)]) {
		t.Error("the bytes came out in another order or form")
	}
	o.clear(&stock)
	if o.first != nil || o.last != nil || o.size != 0 {
		t.Error("something is left after clear")
	}
	if stock.n > maxStock {
		t.Errorf("%d chunks are kept, want at most %d", stock.n, maxStock)
	}
}
