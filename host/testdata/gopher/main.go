//go:build wasip1

// Command gopher is a guest of the host's tests: it keeps things where one connection must not find another one's.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var (
	remembered string
	hoard      [][]byte
)

type gopher struct{ protocol.Base }

func (g *gopher) DataReceived(data []byte) {
	for line := range strings.Lines(string(data)) {
		fmt.Fprintln(g.Transport, answer(strings.TrimSpace(line)))
	}
}

func answer(line string) string {
	word, argument, _ := strings.Cut(line, " ")
	switch word {
	case "set":
		remembered = strings.Repeat(argument, 10_000)
	case "get":
		return strconv.Itoa(len(remembered))
	case "random":
		var b [16]byte
		rand.Read(b[:])
		return hex.EncodeToString(b[:])
	case "hoard":
		n, _ := strconv.Atoi(argument)
		hoard = append(hoard, make([]byte, n))
		hoard[len(hoard)-1][n/2] = 1
	case "collect":
		runtime.GC()
	case "panic":
		panic("as told")
	}
	return "ok"
}

func init() {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &gopher{} }), nil
	})
}

func main() {}
