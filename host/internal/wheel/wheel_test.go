package wheel

import (
	"math/rand/v2"
	"slices"
	"testing"
)

type due func(now int64) int64

func (d due) Due(now int64) int64 { return d(now) }

func TestEntriesAreCalledAtTheirTick(t *testing.T) {
	w := New()
	var called []int64
	for _, ticks := range []int64{1, 3, 3, 200} {
		w.Add(&Entry{Owner: due(func(now int64) int64 {
			called = append(called, now)
			return 0
		})}, ticks)
	}
	for range 300 {
		w.Tick()
	}
	if want := []int64{1, 3, 3, 200}; !slices.Equal(called, want) {
		t.Errorf("called at %v, want %v", called, want)
	}
	if w.Len() != 0 {
		t.Errorf("%d entries left", w.Len())
	}
}

func TestFarEntryIsVisitedAndPutOn(t *testing.T) {
	w := New()
	const far = 3*Slots + 7
	fired := int64(0)
	w.Add(&Entry{Owner: due(func(now int64) int64 {
		if now < far {
			return far - now
		}
		fired = now
		return 0
	})}, far)
	for w.Len() > 0 {
		w.Tick()
	}
	if fired != far {
		t.Errorf("fired at %d, want %d", fired, far)
	}
}

func TestEntryThatAsksForAWholeTurnIsNotCalledTwiceInOneTick(t *testing.T) {
	w := New()
	calls := 0
	w.Add(&Entry{Owner: due(func(int64) int64 { calls++; return Slots })}, 1)
	w.Tick()
	if calls != 1 {
		t.Errorf("%d calls in one tick", calls)
	}
}

func TestRemoveInsideDue(t *testing.T) {
	w := New()
	e := &Entry{}
	e.Owner = due(func(int64) int64 { w.Remove(e); return 0 })
	w.Add(e, 1)
	w.Add(&Entry{Owner: due(func(int64) int64 { return 0 })}, 1)
	w.Tick()
	if w.Len() != 0 {
		t.Errorf("%d entries left", w.Len())
	}
}

func TestWheelAgainstModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	w := New()
	entries := make([]*Entry, 50)
	want := make([]int64, len(entries))
	for i := range entries {
		entries[i] = &Entry{Owner: due(func(now int64) int64 {
			if want[i] != now {
				t.Fatalf("entry %d called at %d, want %d", i, now, want[i])
			}
			want[i] = 0
			return 0
		})}
	}
	for range 5_000 {
		i := rng.IntN(len(entries))
		if rng.IntN(4) == 0 {
			w.Remove(entries[i])
			want[i] = 0
		} else {
			ticks := rng.Int64N(Slots-1) + 1
			w.Add(entries[i], ticks)
			want[i] = w.Now() + ticks
		}
		w.Tick()
		for i, at := range want {
			if at != 0 && at <= w.Now() {
				t.Fatalf("entry %d was due at %d, not called by %d", i, at, w.Now())
			}
		}
	}
}
