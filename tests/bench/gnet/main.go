// Command gnet is the echo server of the event-loop library gnet, a peer of the benchmarks. It is a module of its own so
// that nobody who uses wasmnet depends on it.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/panjf2000/gnet/v2"
)

type server struct {
	gnet.BuiltinEventEngine
	address string
}

func (s *server) OnBoot(gnet.Engine) gnet.Action {
	fmt.Fprintf(os.Stderr, "gnet listening on tcp:%s\n", s.address)
	return gnet.None
}

func (s *server) OnTraffic(c gnet.Conn) gnet.Action {
	data, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(data); err != nil {
		return gnet.Close
	}
	return gnet.None
}

func main() {
	// gnet does not tell which port it was given, so a free one is found first.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		s := &server{address: l.Addr().String()}
		l.Close()
		err = gnet.Run(s, "tcp://"+s.address, gnet.WithMulticore(true), gnet.WithReuseAddr(true))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gnet:", err)
		os.Exit(1)
	}
}
