package hostile

import (
	"encoding/binary"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/host"
)

// Every source builds, and says what to expect. What is expected to load is valid WebAssembly, so that it is not refused
// for a mistake of its own; what comes from bytes is not, which is the point of it.
func TestGuestsBuild(t *testing.T) {
	kinds := make(map[string]int)
	for name, g := range guests(t) {
		kinds[g.expect.kind]++
		if g.expect.kind == refused {
			continue
		}
		if len(g.wasm) < 8 || string(g.wasm[:8]) != "\x00asm\x01\x00\x00\x00" {
			t.Errorf("%s is no module of version 1", name)
			continue
		}
		if out, err := exec.Command("wasm-validate", filepath.Join(buildDir, name+".wasm")).CombinedOutput(); err != nil {
			t.Errorf("%s is not valid: %v\n%s", name, err, out)
		}
	}
	for _, k := range outcomeKinds {
		if kinds[k] == 0 {
			t.Errorf("no guest is expected to be %q", k)
		}
	}
	if g := named(t, "name_section_lies"); g.expect.kind != served {
		t.Errorf("name_section_lies: %q", g.expect)
	}
}

// Every guest does its harm beside the neighbour, and what comes of it is what its source says.
func TestGuests(t *testing.T) {
	for name, g := range guests(t) {
		t.Run(name, func(t *testing.T) {
			switch g.expect.kind {
			case refused:
				testRefused(t, g)
			case notStarted:
				testNotStarted(t, g)
			case limited:
				testLimited(t, g)
			case trapped:
				testTrapped(t, g)
			case served:
				if servedTests[name] == nil {
					t.Fatal("nothing tests how this guest is served: servedTests wants a function of this name")
				}
				servedTests[name](t, g)
			}
		})
	}
}

// refusedMemory is what the host may take to find out that it does not want a module: some times the largest module
// here, and far less than what the bombs among them ask for.
const refusedMemory = 192 << 20

func testRefused(t *testing.T, g *guest) {
	a := newArena(t)
	var err error
	var taken uint64
	a.neighbour.while(func() {
		taken = allocated(func() { _, err = a.Load(t.Context(), g.name, g.wasm) })
	})
	var refusal *host.ModuleError
	if !errors.As(err, &refusal) || refusal.Module != g.name || !strings.Contains(err.Error(), g.expect.text) {
		t.Fatalf("Load: %v, want a ModuleError with %q", err, g.expect.text)
	}
	if strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Errorf("Load: control characters in %q", err)
	}
	if taken > refusedMemory {
		t.Errorf("Load allocated %d bytes", taken)
	}
}

func testNotStarted(t *testing.T, g *guest) {
	a := newArena(t)
	m := a.load(g)
	var err error
	a.neighbour.while(func() {
		_, err = a.NewService(m, a.reactor, host.ServiceConfig{Limits: host.Limits{Fuel: 20_000_000}})
	})
	var refusal *host.ModuleError
	if !errors.As(err, &refusal) || refusal.Module != g.name || !strings.Contains(err.Error(), g.expect.text) {
		t.Fatalf("NewService: %v, want a ModuleError with %q", err, g.expect.text)
	}
}

// limitSettings are limits under which guests get there sooner.
var limitSettings = map[string]host.Limits{
	"fuel":      {Fuel: 50_000_000},
	"fuel-rate": {Fuel: 1_000_000, FuelRate: 1_000_000},
}

// alsoBreached are limits that guests meet on their way to the one that ends them.
var alsoBreached = map[string][]string{"timer_storm": {"timers"}}

func testLimited(t *testing.T, g *guest) {
	limit, _, _ := strings.Cut(g.expect.text, ":")
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{Limits: limitSettings[limit]})
	p := s.dial()
	a.neighbour.while(func() {
		_, _ = p.Write([]byte("x")) // which may fail, if the guest has ended already
		breach := s.breached(limit, 1, alsoBreached[g.name]...)
		if breach["peer"] != p.local() || breach["conn"] == "" || breach["module"] != g.name {
			t.Errorf("the breach is logged as %q, want module %s and peer %s", breach, g.name, p.local())
		}
		if _, how := p.rest(); how != reset {
			t.Errorf("the connection was %s, want %s", how, reset)
		}
	})
	a.quiet()
	a.log.once(t, "msg", "limit exceeded", "limit", limit, "service", s.name)
	if traps := s.Stats().Traps; traps != 0 {
		t.Errorf("%d traps", traps)
	}
}

func testTrapped(t *testing.T, g *guest) {
	inputs := trapInputs[g.name]
	if inputs == nil {
		inputs = []trapInput{{"x", g.expect.text}}
	}
	a := newArena(t)
	s := a.attack(g, host.ServiceConfig{})
	for n, in := range inputs {
		a.neighbour.while(func() {
			p := s.dialReset()
			if p != nil {
				_, _ = p.Write([]byte(in.data)) // which may fail, if the guest has trapped already
			}
			failure := a.log.wait(t, n+1, "msg", "guest failed", "service", s.name)[n]
			if failure["module"] != g.name || failure["conn"] == "" || !strings.Contains(failure["error"], in.reason) {
				t.Errorf("%q: logged as %q, want module %s and %q", in.data, failure, g.name, in.reason)
			}
			if p == nil {
				return
			}
			if failure["peer"] != p.local() {
				t.Errorf("%q: logged as %q, want peer %s", in.data, failure, p.local())
			}
			p.ends(reset)
		})
	}
	a.quiet()
	if st := s.Stats(); st.Traps != uint64(len(inputs)) || len(st.Breaches) != 0 {
		t.Errorf("%d traps and breaches %v, want %d and none", st.Traps, st.Breaches, len(inputs))
	}
	if n := len(a.log.all("msg", "guest failed")); n != len(inputs) {
		t.Errorf("%d failures are logged, want %d", n, len(inputs))
	}
}

// A trapInput is data on which a guest traps, and the reason it does for.
type trapInput struct{ data, reason string }

// trapInputs are those of guests that trap in several ways.
var trapInputs = map[string][]trapInput{
	"traps": {
		{"\x00", "unreachable"},
		{"\x01", "integer divide by zero"},
		{"\x02", "integer overflow"},
		{"\x03", "invalid conversion to integer"},
		{"\x04", "invalid table access"},
		{"\x05", "indirect call type mismatch"},
		{"\x06", "invalid table access"},
		{"\x07", "out of bounds memory access"},
		{"\x08", "out of bounds memory access"},
		{"\x09", "out of bounds memory access"},
		{"\x0a", "out of bounds memory access"},
		{"\x0b", "out of bounds memory access"},
		{"\x0c", "invalid table access"},
	},
	"pointers": pointerInputs(),
}

// pointerInputs are bad ranges for every import and every range that it takes.
func pointerInputs() []trapInput {
	const imports, end = 20, 2 << 16
	ranges := [][2]uint32{
		{end - 1, 2}, {end, 1}, {1<<32 - 1, 1}, {1<<32 - 16, 32}, {1 << 31, 1 << 31}, {0, 1<<32 - 1}, {end + 1, 1 << 20},
	}
	var inputs []trapInput
	for n := range imports {
		for second := range 2 {
			for _, r := range ranges {
				data := []byte{byte(n), byte(second)}
				data = binary.LittleEndian.AppendUint32(data, r[0])
				data = binary.LittleEndian.AppendUint32(data, r[1])
				inputs = append(inputs, trapInput{string(data), "out of bounds memory access by an import"})
			}
		}
	}
	return inputs
}
