package filelock_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/filelock"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// One holder waits until the other one lets go.
func ExampleLock_DeferUntilLocked() {
	dir, err := os.MkdirTemp("", "filelock")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	clock := reactortest.NewClock()
	first := filelock.New(clock, filepath.Join(dir, "lock"))
	second := filelock.New(clock, filepath.Join(dir, "lock"))

	fmt.Println(first.TryLock())
	second.DeferUntilLocked(10 * time.Second).Handle(func(_ deferred.Unit, err error) {
		fmt.Println("the second one has it:", second.Locked(), err)
	})
	clock.Advance(time.Second)
	fmt.Println("the first one lets go:", first.Unlock())
	clock.Advance(time.Second)
	fmt.Println(second.Unlock())
	// Output:
	// true <nil>
	// the first one lets go: <nil>
	// the second one has it: true <nil>
	// <nil>
}
