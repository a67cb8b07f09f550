package wasmnet_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

func TestTimersShareOneOfTheHost(t *testing.T) {
	f := connected(t)
	f.data(1, "later a;later b;later c")
	if f.timers != 1 {
		t.Errorf("%d timers asked of the host, want 1", f.timers)
	}
	f.expect()
	f.data(1, "timer reset;timer cancel;timer cancel")
	f.expect("reset: <nil>", "cancel: <nil>, active false", "cancel: timer was already cancelled, active false")
	fireUntil(f, "timer b")
	f.expect("timer a", "timer b")
	f.data(1, "timer delay")
	f.expect("delay: timer was already cancelled by 0s")
}

// fireUntil fires the host's timers until the guest has said line. The guest may find, by its own clock, that a timer
// which the host says is due is not, and asks for another one; it must do so each time.
func fireUntil(f *fake, line string) {
	f.t.Helper()
	for {
		for _, said := range f.said {
			if said == line {
				return
			}
		}
		before := f.timers
		f.timer()
		if f.timers == before && !strings.Contains(strings.Join(f.said, "\n"), line) {
			f.t.Fatalf("no timer is left and %q was not said: %q", line, f.said)
		}
	}
}

func TestZeroDelayWaitsForTheNextTurn(t *testing.T) {
	f := connected(t)
	f.data(1, "soon")
	f.expect()
	f.timer()
	f.expect("soon")
	f.timer()
	f.expect("sooner or later")
	if f.timers != 2 {
		t.Errorf("%d timers, want 2", f.timers)
	}
}

func TestCancellingTheLastTimerCancelsTheHosts(t *testing.T) {
	f := connected(t)
	f.data(1, "later a")
	f.data(1, "timer cancel")
	f.expect("cancel: <nil>, active false", "cancel_timer 1001")
	f.event(abi.TimerFired, 1001)
	f.expect()
}

func TestPuttingATimerOffCostsNoImport(t *testing.T) {
	f := connected(t)
	f.data(1, "later a;timer reset")
	f.data(1, "timer reset")
	f.data(1, "timer delay")
	f.expect("reset: <nil>", "reset: <nil>", "delay: <nil> by 1m0s")
	f.timer() // too early for the guest, which asks again
	f.expect()
	if f.timers != 2 {
		t.Errorf("%d timers asked of the host, want 2", f.timers)
	}
}

func TestCallFromThread(t *testing.T) {
	f := connected(t)
	f.data(1, "post")
	f.expect("after posting", "posted", "posted again")
}

func TestPostingForEverDoesNotKeepAnEventFromEnding(t *testing.T) {
	f := connected(t)
	f.data(1, "repost")
	f.expect()
	fireUntil(f, "posted 1000 times")
	if f.timers < 10 {
		t.Errorf("%d turns for a function that posted itself 1000 times", f.timers)
	}
}

func TestGoroutinesRunBeforeTheEventEnds(t *testing.T) {
	f := connected(t)
	f.data(1, "go")
	f.expect("200 goroutines later")
}

func TestGoroutinesStayBetweenEvents(t *testing.T) {
	f := connected(t)
	f.data(1, "park")
	f.expect()
	f.data(1, "feed one")
	f.data(1, "feed two")
	f.data(1, "feed three")
	f.expect("posted: fed one", "goroutine got two", "goroutine got three")
}

func TestUnhandledErrorOfADeferredIsLogged(t *testing.T) {
	f := connected(t)
	f.data(1, "deferred")
	if len(f.said) != 1 || !strings.HasPrefix(f.said[0], "unhandled error in Deferred made at script/main.go:") ||
		!strings.HasSuffix(f.said[0], ": nobody wants me") {
		t.Errorf("said %q", f.said)
	}
}

func TestPanicIsLoggedAndTraps(t *testing.T) {
	for command, want := range map[string]string{
		"panic out of luck": "panic in data_received: out of luck (main.runGo main.go:",
		"index abc":         "panic in data_received: runtime error: index out of range [3] with length 0 (main.runGo main.go:",
	} {
		f := connected(t)
		f.receive(command)
		_, err := f.module.ExportedFunction("data_received").Call(f.ctx, 1, uint64(len(command)))
		if err == nil || !strings.Contains(err.Error(), "unreachable") {
			t.Errorf("%s: %v, want a trap", command, err)
		}
		if len(f.said) != 1 || !strings.HasPrefix(f.said[0], want) {
			t.Fatalf("%s: said %q, want %q", command, f.said, want)
		}
		line := f.said[0]
		if !strings.Contains(line, " < main.(*script).DataReceived main.go:") || strings.Contains(line, "runtime.") ||
			strings.Contains(line, "exportDataReceived") || strings.Contains(line, "\n") {
			t.Errorf("%s: stack of %q", command, line)
		}
		if text := f.stderr.String(); text != "" {
			t.Errorf("%s: the runtime printed %q", command, text)
		}
	}
}

func TestPanicAtStart(t *testing.T) {
	for variant, want := range map[string]string{
		"panic": "panic in wasmnet_start: at start (main.start main.go:",
		"timer": "panic in wasmnet_start: wasmnet: CallLater while the service starts: timers belong into events (",
	} {
		f := load(t, "case", variant)
		if _, err := f.module.ExportedFunction("wasmnet_start").Call(f.ctx); err == nil {
			t.Errorf("%s: no trap", variant)
		}
		if len(f.said) != 1 || !strings.HasPrefix(f.said[0], want) {
			t.Errorf("%s: said %q", variant, f.said)
		}
	}
}

func TestEventsAllocateNothing(t *testing.T) {
	f := connected(t, "case", "echo")
	f.info(2, abi.InfoPeer, "192.0.2.1:2")
	f.quiet = true
	f.receive(strings.Repeat("x", 100))
	allocs := func() int {
		f.said = nil
		f.event(abi.RunTask, f.task("allocs", ""))
		n, err := strconv.Atoi(strings.TrimPrefix(f.said[0], "task_result "))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	allocs()
	before := allocs()
	again := allocs()
	for range 1000 {
		f.event(abi.DataReceived, 1, 100)
		f.event(abi.PauseProducing, 1)
		f.event(abi.ResumeProducing, 1)
	}
	after := allocs()
	if extra := (after - again) - (again - before); extra != 0 {
		t.Errorf("%d allocations in 3000 events", extra)
	}
}

// A page that a connection writes to is a page that its sandbox does not share with the image: 4 KiB of each
// connection's memory, and a part of the time that a fresh sandbox takes.
func TestFirstConnectionWritesFewPages(t *testing.T) {
	const page, most = 4096, 6
	f := started(t, "case", "echo")
	f.info(1, abi.InfoPeer, "192.0.2.1:4321")
	image := f.memory()
	f.event(abi.Restored)
	f.event(abi.ConnectionMade, 1)
	f.data(1, "hello")
	after := f.memory()
	if len(after) != len(image) {
		t.Fatalf("memory grew from %d to %d bytes", len(image), len(after))
	}
	written := 0
	for at := 0; at < len(image); at += page {
		if !bytes.Equal(image[at:at+page], after[at:at+page]) {
			written++
		}
	}
	if written > most {
		t.Errorf("%d pages are written to, want at most %d", written, most)
	}
}
