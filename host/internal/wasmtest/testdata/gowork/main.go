// Gowork is a guest that does one kind of work, chosen by number, as often as it is told: the tightest loop, and what
// protocols do.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"net/textproto"
	"strings"
)

var sink uint64

//go:wasmexport wasmnet_start
func start() int32 { return 0 }

//go:wasmexport data_received
func dataReceived(kind, times int32) {
	work[kind](int(times))
}

var work = [...]func(int){tight, hash, jsonWork, http, calls}

func tight(n int) {
	s := sink
	for i := range uint64(n) * 1_000_000 {
		s = (s + i) ^ 12345
	}
	sink = s
}

var block [16 << 10]byte

func hash(n int) {
	for range n {
		sum := sha256.Sum256(block[:])
		sink += uint64(sum[0])
	}
}

var document = []byte(`{"id":12345,"name":"the quick brown fox","tags":["a","bb","ccc","dddd"],"nested":{"x":1.5,` +
	`"y":-2.25e3,"ok":true,"none":null,"text":"line\nbreak \u00e9"},"list":[1,2,3,4,5,6,7,8,9,10]}`)

func jsonWork(n int) {
	for range n {
		var v any
		if err := json.Unmarshal(document, &v); err != nil {
			panic(err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		sink += uint64(len(out))
	}
}

const request = "GET /some/path/with?query=string&and=more HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: guest/1.0\r\n" +
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-GB,en;q=0.5\r\n" +
	"Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef; other=fedcba\r\n\r\n"

func http(n int) {
	for range n {
		r := textproto.NewReader(bufio.NewReader(strings.NewReader(request)))
		line, err := r.ReadLine()
		if err != nil {
			panic(err)
		}
		method, rest, _ := strings.Cut(line, " ")
		target, version, _ := strings.Cut(rest, " ")
		h, err := r.ReadMIMEHeader()
		if err != nil {
			panic(err)
		}
		sink += uint64(len(method) + len(target) + len(version) + len(h))
	}
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	return fib(n-1) + fib(n-2)
}

func calls(n int) {
	for range n {
		sink += uint64(fib(20))
	}
}

func main() {}
