package host_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"os/exec"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A server whose connections each have a sandbox.
func Example() {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		log.Fatal(err)
	}
	h, err := host.New(host.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	m, err := h.Load(context.Background(), "echo.wasm", assembled("testdata/echo.wat")) // or LoadFile
	if err != nil {
		log.Fatal(err)
	}
	s, err := h.NewService(m, r, host.ServiceConfig{Limits: host.Limits{Memory: 1 << 20}})
	if err != nil {
		log.Fatal(err)
	}
	port, err := s.Listen("tcp:0:interface=127.0.0.1")
	if err != nil {
		log.Fatal(err)
	}
	go func() {
		fmt.Println(ask(port.Host().String(), "hello"))
		r.Stop()
	}()
	if err := r.Run(); err != nil {
		log.Fatal(err)
	}
	// Output: hello
}

// assembled is a module in binary form.
func assembled(file string) []byte {
	b, err := exec.Command("wat2wasm", "--output=-", file).Output()
	if err != nil {
		log.Fatal(err)
	}
	return b
}

func ask(address, question string) string {
	c, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, question)
	answer := make([]byte, len(question))
	io.ReadFull(c, answer)
	return string(answer)
}

// A guest on a reactor in memory, where a test moves the time. Package guesttest makes less work of it.
func ExampleHost_NewServiceOn() {
	h, err := host.New(host.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	m, err := h.Load(context.Background(), "echo.wasm", assembled("testdata/echo.wat"))
	if err != nil {
		log.Fatal(err)
	}
	r := reactortest.NewReactor()
	s, err := h.NewServiceOn(m, r, host.ServiceConfig{Limits: host.Limits{Idle: time.Minute}})
	if err != nil {
		log.Fatal(err)
	}
	peer := &reactortest.Recorder{}
	pair := r.Join(peer, s.BuildProtocol(nil))
	pair.Chunks = reactortest.Sizes(1)
	pair.Client.Write([]byte("hello"))
	r.Settle()
	fmt.Println(peer.Take())
	r.Advance(2 * time.Minute)
	fmt.Println(pair.Server.Lost())
	// Output:
	// hello
	// connection was aborted
}
