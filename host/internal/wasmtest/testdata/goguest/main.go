// Goguest is a guest that does what real ones do: hashing, JSON, maps, string work, interface calls, goroutines.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"unsafe"
)

var (
	buf   [64 << 10]byte
	calls int
)

//go:wasmimport wasmnet_v1 set_receive_buffer
func setReceiveBuffer(ptr unsafe.Pointer, cap int32) int32

//go:wasmimport wasmnet_v1 write
func write(conn int32, ptr unsafe.Pointer, n int32) int32

//go:wasmexport wasmnet_start
func start() int32 {
	return setReceiveBuffer(unsafe.Pointer(&buf[0]), int32(len(buf)))
}

type shape interface{ area() int }

type square struct{ a int }
type oblong struct{ a, b int }

func (s square) area() int { return s.a * s.a }
func (o oblong) area() int { return o.a * o.b }

type record struct {
	Name  string         `json:"name"`
	Count int            `json:"count"`
	Tags  []string       `json:"tags"`
	More  map[string]any `json:"more"`
}

// data_received answers with a digest of much work on the bytes received.
//
//go:wasmexport data_received
func dataReceived(conn, n int32) {
	calls++
	in := buf[:n]
	sum := sha256.Sum256(in)
	words := strings.Fields(string(in))
	counts := map[string]int{}
	for _, w := range words {
		counts[w]++
	}
	keys := make([]string, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	r := record{Name: fmt.Sprintf("%x", sum[:4]), Count: len(words), Tags: keys, More: map[string]any{"calls": calls}}
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	var back record
	if err := json.Unmarshal(text, &back); err != nil {
		panic(err)
	}
	total := 0
	for i, s := range []shape{square{3}, oblong{2, 5}, square{back.Count}} {
		total += s.area() * (i + 1)
	}
	done := make(chan int)
	go func() { done <- total * 3 }()
	var out bytes.Buffer
	out.Write(text)
	_ = binary.Write(&out, binary.BigEndian, int64(<-done))
	b := out.Bytes()
	write(conn, unsafe.Pointer(&b[0]), int32(len(b)))
}

func main() {}
