//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"

	"github.com/wasmnet/wasmnet/tests/bench/work"
)

// lineWorkloads take messages apart and put them together again.
func lineWorkloads(o options, ps *peers) []workload {
	subjects := []subject{
		ps.own("net", "net-line"), ps.script("Twisted", "twisted.py", "line"), ps.own("reactor", "reactor-line"),
		ps.sandbox("sandbox Go", ps.guest("line.wasm"), "tcp:0"),
	}
	return []workload{
		{name: "lines of 64 B in pieces of 7 B, 64 connections", subjects: subjects, run: lines(o, 64, 1, 7)},
		{name: "16 lines of 64 B at once, 64 connections", subjects: subjects, run: lines(o, 64, 16, 1<<20)},
	}
}

// lines measures the answer to n lines, sent in pieces of so many bytes.
func lines(o options, conns, n, piece int) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		return measureLoad(p, conns, o.window, 0, func(int) (func() error, func(), error) {
			return connected(p.addrs[0], func(c net.Conn) func() error {
				out := bytes.Repeat([]byte(string(bytes.Repeat([]byte("l"), 62))+"\r\n"), n)
				in := make([]byte, len(out))
				return func() error {
					for at := 0; at+piece < len(out); at += piece {
						if _, err := c.Write(out[at : at+piece]); err != nil {
							return err
						}
					}
					return roundTrip(c, out[(len(out)-1)/piece*piece:], in, out)
				}
			})
		})
	}
}

// serveNetLine answers lines from a goroutine for each connection.
func serveNetLine() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "net listening on tcp:%s\n", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			in, out := bufio.NewReader(c), bufio.NewWriter(c)
			for {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if _, err := out.Write(line); err != nil {
					return
				}
				if in.Buffered() == 0 && out.Flush() != nil {
					return
				}
			}
		}()
	}
}

func serveReactorLine() error { return serveNative("tcp:0", work.Lines()) }
