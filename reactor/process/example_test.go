package process_test

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/process"
)

// upper prints what a process answers, and stops the reactor with it.
type upper struct {
	process.Base
	reactor *reactor.Reactor
}

func (u *upper) ConnectionMade(t process.Transport) {
	_, _ = t.Write([]byte("hello, process"))
	t.CloseStdin()
}

func (u *upper) OutReceived(data []byte) { fmt.Printf("%s\n", data) }

func (u *upper) ProcessEnded(reason error) {
	fmt.Println(reason)
	_ = u.reactor.Stop()
}

func ExampleSpawn() {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	self, env := os.Args[0], append(os.Environ(), childMode+"=echo") // this program, which then echoes
	r.CallWhenRunning(func() {
		if _, err := process.Spawn(r.Loops()[0], &upper{reactor: r}, self, nil, process.Options{Env: env}); err != nil {
			fmt.Println(err)
		}
	})
	if err := r.Run(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// hello, process
	// process ended cleanly
}
