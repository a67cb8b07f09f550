//go:build wasip1

// Command gopher is a guest of the host's tests: it keeps things where one connection must not find another one's.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
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
	case "env":
		return os.Getenv(argument)
	case "read", "write", "append", "list", "stat", "mkdir", "remove", "rename", "truncate", "open":
		text, err := file(word, argument)
		if err != nil {
			return "error: " + err.Error()
		}
		return text
	case "panic":
		panic("as told")
	}
	return "ok"
}

// file does something to files and returns what came of it.
func file(word, argument string) (string, error) {
	name, rest, _ := strings.Cut(argument, " ")
	switch word {
	case "read":
		b, err := os.ReadFile(name)
		return string(b), err
	case "write":
		return "ok", os.WriteFile(name, []byte(rest), 0o600)
	case "append":
		f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return "", err
		}
		defer f.Close()
		_, err = f.WriteString(rest)
		return "ok", err
	case "list":
		entries, err := os.ReadDir(name)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name()+map[bool]string{true: "/"}[e.IsDir()])
		}
		return strings.Join(names, " "), err
	case "stat":
		info, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(info.Size(), info.IsDir()), nil
	case "mkdir":
		return "ok", os.Mkdir(name, 0o700)
	case "remove":
		return "ok", os.Remove(name)
	case "rename":
		return "ok", os.Rename(name, rest)
	case "truncate":
		return "ok", os.Truncate(name, 2)
	}
	f, err := os.Open(name) // and keep it
	kept = append(kept, f)
	return "ok", err
}

var kept []*os.File

func init() {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &gopher{} }), nil
	})
}

func main() {}
