package handle

import (
	"math/rand/v2"
	"testing"
)

func TestHandlesArePositiveAndDie(t *testing.T) {
	var table Table[string]
	a, _ := table.Put("a")
	b, _ := table.Put("b")
	if a <= 0 || b <= 0 || a == b {
		t.Fatalf("handles %d and %d", a, b)
	}
	if v, ok := table.Get(a); !ok || v != "a" {
		t.Fatalf("Get(%d) = %q, %v", a, v, ok)
	}
	table.Remove(a)
	if _, ok := table.Get(a); ok {
		t.Fatal("a removed handle still names something")
	}
	c, _ := table.Put("c")
	if c == a {
		t.Fatal("the number came back at once")
	}
	if v, _ := table.Get(c); v != "c" {
		t.Fatalf("Get(%d) = %q", c, v)
	}
	if table.Len() != 2 {
		t.Fatalf("Len %d", table.Len())
	}
}

func TestGarbageNamesNothing(t *testing.T) {
	var table Table[int]
	h, _ := table.Put(1)
	for _, garbage := range []int32{0, -1, h + 1, h | 1<<20, 1<<31 - 1, -1 << 31} {
		if _, ok := table.Get(garbage); ok {
			t.Errorf("Get(%d) found something", garbage)
		}
		table.Remove(garbage)
	}
	if v, ok := table.Get(h); !ok || v != 1 {
		t.Error("removing garbage removed something")
	}
}

func TestHandlesStaySmall(t *testing.T) {
	var table Table[int]
	last := int32(0)
	for i := range 10_000 {
		h, _ := table.Put(i)
		if h > rest+2 {
			t.Fatalf("handle %d with one value in the table", h)
		}
		if h == last {
			t.Fatalf("handle %d came back at once", h)
		}
		table.Remove(h)
		last = h
	}
}

func TestTableIsFull(t *testing.T) {
	var table Table[struct{}]
	for range Max {
		if _, ok := table.Put(struct{}{}); !ok {
			t.Fatal("full too early")
		}
	}
	if _, ok := table.Put(struct{}{}); ok {
		t.Fatal("no limit")
	}
}

func TestTableAgainstMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var table Table[int]
	model := map[int32]int{}
	for i := range 20_000 {
		if rng.IntN(2) == 0 || len(model) == 0 {
			h, _ := table.Put(i)
			if _, taken := model[h]; taken {
				t.Fatalf("handle %d given twice", h)
			}
			model[h] = i
		} else {
			for h := range model {
				table.Remove(h)
				delete(model, h)
				break
			}
		}
		if table.Len() != len(model) {
			t.Fatalf("Len %d, want %d", table.Len(), len(model))
		}
	}
	table.All(func(h int32, v int) bool {
		if model[h] != v {
			t.Fatalf("handle %d is %d, want %d", h, v, model[h])
		}
		delete(model, h)
		return true
	})
	if len(model) != 0 {
		t.Fatalf("All left out %d", len(model))
	}
}
