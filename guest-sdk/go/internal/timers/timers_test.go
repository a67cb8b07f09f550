package timers

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fire runs the turn at now and returns what fired, by the names that note was given.
type recorder struct {
	Queue
	fired []string
}

func (r *recorder) note(name string) func() { return func() { r.fired = append(r.fired, name) } }

func (r *recorder) turn(now time.Duration) []string {
	r.fired = nil
	for mark := r.Mark(); r.Fire(now, mark); {
	}
	return r.fired
}

func TestOrderIsByDueTimeThenAge(t *testing.T) {
	var r recorder
	r.Add(3, r.note("c"))
	r.Add(1, r.note("a"))
	r.Add(3, r.note("d"))
	r.Add(2, r.note("b"))
	r.Add(9, r.note("later"))
	if got, want := r.turn(3), []string{"a", "b", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("fired %v, want %v", got, want)
	}
	if due, ok := r.Next(); !ok || due != 9 {
		t.Errorf("next is %v, %v, want 9", due, ok)
	}
}

func TestTimerMadeByATimerWaitsForTheNextTurn(t *testing.T) {
	var r recorder
	r.Add(1, func() {
		r.fired = append(r.fired, "first")
		r.Add(1, r.note("second"))
	})
	r.Add(1, r.note("neighbour"))
	if got, want := r.turn(1), []string{"first", "neighbour"}; !slices.Equal(got, want) {
		t.Errorf("first turn fired %v, want %v", got, want)
	}
	if got, want := r.turn(1), []string{"second"}; !slices.Equal(got, want) {
		t.Errorf("second turn fired %v, want %v", got, want)
	}
}

func TestCancelAndSet(t *testing.T) {
	var r recorder
	a := r.Add(1, r.note("a"))
	b := r.Add(2, r.note("b"))
	c := r.Add(3, r.note("c"))
	if err := b.Cancel(); err != nil || b.Active() {
		t.Errorf("cancel: %v, active %v", err, b.Active())
	}
	if err := a.Set(3); err != nil || a.Due() != 3 {
		t.Errorf("set: %v, due %v", err, a.Due())
	}
	if got, want := r.turn(3), []string{"c", "a"}; !slices.Equal(got, want) {
		t.Errorf("fired %v, want %v: a timer that is put off counts as made then", got, want)
	}
	for name, got := range map[string]error{
		"cancel twice": b.Cancel(), "set cancelled": b.Set(5), "cancel fired": c.Cancel(), "set fired": c.Set(5),
	} {
		want := protocol.ErrAlreadyCancelled
		if name == "cancel fired" || name == "set fired" {
			want = protocol.ErrAlreadyCalled
		}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if _, ok := r.Next(); ok {
		t.Error("the queue is not empty")
	}
}

func TestTimerMayCancelItsNeighbourAndItself(t *testing.T) {
	var r recorder
	var self, neighbour *Timer
	self = r.Add(1, func() {
		if err := self.Cancel(); err != protocol.ErrAlreadyCalled {
			t.Errorf("a timer that runs cancels itself: %v", err)
		}
		if err := neighbour.Cancel(); err != nil {
			t.Errorf("neighbour: %v", err)
		}
	})
	neighbour = r.Add(1, r.note("neighbour"))
	if got := r.turn(1); len(got) != 0 {
		t.Errorf("fired %v", got)
	}
}

// Against a plain sorted list, with adding, putting off and cancelling in random order.
func TestQueueAgainstASortedList(t *testing.T) {
	type entry struct {
		timer *Timer
		due   time.Duration
		age   int
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var q Queue
		var list []*entry
		var fired []*entry
		for age := range 60 {
			switch op := random.IntN(4); {
			case op < 2 || len(list) == 0:
				e := &entry{due: time.Duration(random.IntN(10)), age: age}
				e.timer = q.Add(e.due, func() { fired = append(fired, e) })
				list = append(list, e)
			case op == 2:
				e := list[random.IntN(len(list))]
				e.due, e.age = time.Duration(random.IntN(10)), age
				if err := e.timer.Set(e.due); err != nil {
					t.Fatal(err)
				}
			default:
				i := random.IntN(len(list))
				if err := list[i].timer.Cancel(); err != nil {
					t.Fatal(err)
				}
				list = slices.Delete(list, i, i+1)
			}
		}
		slices.SortFunc(list, func(a, b *entry) int {
			if a.due != b.due {
				return int(a.due - b.due)
			}
			return a.age - b.age
		})
		for mark := q.Mark(); q.Fire(10, mark); {
		}
		if !slices.Equal(fired, list) {
			t.Fatal("the queue fires in another order than the list")
		}
	}
}
