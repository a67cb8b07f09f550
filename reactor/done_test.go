package reactor_test

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
)

// A callback that has left its loop and waits for the loop is told when that has ended, so that Run can return.
func TestDoneReleasesWhoWaitsForTheLoop(t *testing.T) {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	l := r.Loops()[0]
	called := make(chan struct{})
	r.CallWhenRunning(func() {
		l.Detach()
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		<-l.Done()
		l.CallFromThread(func() { close(called) })
	})
	if err := r.Run(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-called:
		t.Error("something was called on a loop that had ended")
	default:
	}
}
