//go:build !wasip1

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: echoserver ENDPOINT")
		os.Exit(2)
	}
	if err := serve(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "echoserver:", err)
		os.Exit(1)
	}
}

// serve listens until a signal ends the program.
func serve(endpoint string) error {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		return err
	}
	port, err := r.Listen(endpoint, factory)
	if err != nil {
		return err
	}
	fmt.Println("listening on", port.Host())
	r.HandleSignals(5 * time.Second)
	return r.Run()
}
