package host_test

import (
	"bufio"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// A caller talks to a gopher in lines.
type caller struct {
	testing.TB
	lines *bufio.Reader
	write func(string)
	close func()
}

func call(t testing.TB, address string) *caller {
	t.Helper()
	c := dial(t, address)
	return &caller{t, bufio.NewReader(c), func(s string) { send(t, c, s) }, func() { c.Close() }}
}

func (c *caller) ask(line string) string {
	c.Helper()
	c.write(line + "\n")
	answer, err := c.lines.ReadString('\n')
	if err != nil {
		c.Fatalf("%s: %v", line, err)
	}
	return strings.TrimSpace(answer)
}

func TestGoGuest(t *testing.T) {
	wasm := gopher(t)
	w := newWorld(t, oneLoop)
	s := w.service(w.load("gopher.wasm", wasm), host.ServiceConfig{})
	address := w.serve(s)
	seen := map[string]bool{}
	for round := range 12 {
		c := call(t, address)
		if got := c.ask("get"); got != "0" {
			t.Fatalf("round %d: the guest remembers %s bytes of another connection", round, got)
		}
		for range 2 {
			number := c.ask("random")
			if seen[number] {
				t.Errorf("round %d: %s came before", round, number)
			}
			seen[number] = true
		}
		c.ask("set secret")
		if round%3 == 1 {
			c.ask("hoard 5000000") // beyond the image
			c.ask("collect")
		}
		if round%4 == 3 {
			c.write("panic\n")
			c.lines.ReadString('\n')
			w.log.Wait(t, "guest failed", "trap in data_received: unreachable")
		}
		c.close()
	}
	c := call(t, address)
	c.ask("get")
	if st := s.Stats(); st.Traps != 3 || st.Recycled == 0 {
		t.Errorf("stats %+v", st.Totals)
	}
}

func TestManyGoGuestsAtOnce(t *testing.T) {
	wasm := gopher(t)
	w := newWorld(t)
	address := w.serve(w.service(w.load("gopher.wasm", wasm), host.ServiceConfig{}))
	callers := make([]*caller, 200)
	for n := range callers {
		callers[n] = call(t, address)
	}
	seen := map[string]bool{}
	for range 3 {
		for n, c := range callers {
			c.ask(fmt.Sprintf("set %d", n))
			seen[c.ask("random")] = true
		}
	}
	if len(seen) != 3*len(callers) {
		t.Errorf("%d different random numbers of %d", len(seen), 3*len(callers))
	}
}
