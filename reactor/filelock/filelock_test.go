package filelock_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/filelock"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// holderEnv asks this program, started by itself, to lock the file of this name and keep it.
const holderEnv = "WASMNET_TEST_LOCK"

func TestMain(m *testing.M) {
	if name := os.Getenv(holderEnv); name != "" {
		hold(name)
	}
	goleak.VerifyTestMain(m)
}

func hold(name string) {
	ok, err := filelock.New(reactortest.NewClock(), name).TryLock()
	fmt.Println(ok, err)
	select {} // until it is killed
}

// outcome is what a Deferred has come to: "waiting", "locked" or its error.
func outcome(d *deferred.Deferred[deferred.Unit]) string {
	_, err, ok := d.Result()
	switch {
	case !ok:
		return "waiting"
	case err != nil:
		return err.Error()
	}
	return "locked"
}

func expect(t *testing.T, d *deferred.Deferred[deferred.Unit], want string) {
	t.Helper()
	if got := outcome(d); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDeferUntilLocked(t *testing.T) {
	r := reactortest.NewReactor()
	name := filepath.Join(t.TempDir(), "lock")
	one, two := filelock.New(r, name), filelock.New(r, name)
	expect(t, one.DeferUntilLocked(0), "locked")
	if !one.Locked() || !one.Clean() || two.Locked() {
		t.Errorf("the first is locked %v, clean %v; the second is locked %v", one.Locked(), one.Clean(), two.Locked())
	}

	// It waits, alone, and tries again each second.
	d := two.DeferUntilLocked(10 * time.Second)
	again := two.DeferUntilLocked(0)
	if _, err, _ := again.Result(); !errors.Is(err, filelock.ErrAlreadyTrying) {
		t.Errorf("a second wait: %v", err)
	}
	again.Handle(func(deferred.Unit, error) {})
	r.Advance(5 * time.Second)
	expect(t, d, "waiting")
	if err := one.Unlock(); err != nil {
		t.Error(err)
	}
	if err := one.Unlock(); err != filelock.ErrNotLocked {
		t.Errorf("a second Unlock: %v", err)
	}
	expect(t, d, "waiting")
	r.Advance(time.Second)
	expect(t, d, "locked")
	if !two.Clean() || one.Locked() {
		t.Errorf("taken over: clean %v, the first is locked %v", two.Clean(), one.Locked())
	}

	// It gives up in time, not at its next attempt.
	one.Interval = time.Minute
	var err error
	one.DeferUntilLocked(90 * time.Second).Handle(func(_ deferred.Unit, failure error) { err = failure })
	r.Advance(90 * time.Second)
	var late *deferred.TimeoutError
	if !errors.As(err, &late) || late.After != 90*time.Second || !errors.Is(err, deferred.ErrTimeout) {
		t.Errorf("after the timeout: %v", err)
	}

	// Cancelling ends the waiting, and then it can be begun anew.
	d = one.DeferUntilLocked(time.Hour)
	d.Cancel()
	if _, err, _ := d.Result(); err != deferred.ErrCancelled {
		t.Errorf("cancelled: %v", err)
	}
	d = one.DeferUntilLocked(0)
	if err := two.Unlock(); err != nil {
		t.Error(err)
	}
	r.Advance(time.Minute)
	expect(t, d, "locked")
	if n := r.Pending(); n != 0 {
		t.Errorf("%d timers are left", n)
	}
	if err := one.Unlock(); err != nil {
		t.Error(err)
	}

	nowhere := filelock.New(r, filepath.Join(name, "lock"))
	d = nowhere.DeferUntilLocked(time.Second)
	if _, err, ok := d.Result(); !ok || err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a lock below a file: %v", err)
	}
	d.Handle(func(deferred.Unit, error) {})
	if n := r.Pending(); n != 0 || len(r.Unhandled) != 0 {
		t.Errorf("%d timers are left, unhandled errors %v", n, r.Unhandled)
	}
}

// TestOtherProcess waits, on a loop, for a lock whose holder is killed.
func TestOtherProcess(t *testing.T) {
	name := filepath.Join(t.TempDir(), "lock")
	holder := exec.Command(os.Args[0])
	holder.Env = append(os.Environ(), holderEnv+"="+name)
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	defer holder.Wait()
	defer holder.Process.Kill()
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "true <nil>\n" {
		t.Fatalf("the other process said %q, %v", line, err)
	}

	r, err := reactor.New(reactor.Config{Loops: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l := r.Loops()[0]
	lock := filelock.New(l, name)
	lock.Interval = time.Millisecond
	var got error
	r.CallWhenRunning(func() {
		if ok, err := lock.TryLock(); ok || err != nil {
			t.Errorf("locked while the other process has it: %v, %v", ok, err)
		}
		lock.DeferUntilLocked(20 * time.Second).Handle(func(_ deferred.Unit, err error) {
			got = err
			_ = r.Stop()
		})
		if err := holder.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err := r.Run(); err != nil {
		t.Fatal(err)
	}
	if got != nil || !lock.Locked() || lock.Clean() {
		t.Errorf("%v; locked %v, clean %v, want locked and not clean", got, lock.Locked(), lock.Clean())
	}
	if err := lock.Unlock(); err != nil {
		t.Error(err)
	}
}
