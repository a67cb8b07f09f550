//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// served listens, gives the first connection to serve, and returns the address.
func served(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		serve(c)
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l.Addr().String()
}

// echoing sends back what change makes of each message.
func echoing(size int, change func(n int, message []byte) []byte) func(net.Conn) {
	return func(c net.Conn) {
		in := make([]byte, size)
		for n := 0; ; n++ {
			if _, err := io.ReadFull(c, in); err != nil {
				return
			}
			if _, err := c.Write(change(n, in)); err != nil {
				return
			}
		}
	}
}

func same(_ int, message []byte) []byte { return message }

// wrongFrom changes one byte of the message of that number.
func wrongFrom(wrong, at int) func(int, []byte) []byte {
	return func(n int, message []byte) []byte {
		if n == wrong {
			message[at] ^= 1
		}
		return message
	}
}

func TestClientsCompareWhatComesBack(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(int, []byte) []byte
		after  int // units that are right
		want   error
	}{
		{"right", same, 40, nil},
		{"first byte", wrongFrom(3, 0), 3, errDiffers},
		{"last byte", wrongFrom(0, 63), 0, errDiffers},
		{"lost", func(n int, m []byte) []byte {
			if n == 5 {
				return nil
			}
			return m
		}, 5, errDiffers},
	} {
		for _, kind := range []string{"pingPong", "pipeline"} {
			if kind == "pingPong" && test.name == "lost" {
				continue // it waits for the answer: see TestDriveDoesNotWaitForALostMessage
			}
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				addr := served(t, echoing(64, test.change))
				connect := pingPong
				if kind == "pipeline" {
					connect = func(addr string, size int) (func() error, func(), error) {
						return connected(addr, func(c net.Conn) func() error { return newPipeline(c, size, 4).next })
					}
				}
				unit, closeIt, err := connect(addr, 64)
				if err != nil {
					t.Fatal(err)
				}
				defer closeIt()
				// Up to a pipeline's depth of right answers may be dropped together with the wrong one.
				for n := 0; err == nil && n < 40; n++ {
					if err = unit(); err != nil && n > test.after {
						t.Errorf("unit %d: %v", n, err)
					}
				}
				if !errors.Is(err, test.want) {
					t.Errorf("the error is %v, want %v", err, test.want)
				}
			})
		}
	}
}

// Answers that are cut anywhere are put together.
func TestPipelineReadsPieces(t *testing.T) {
	for _, piece := range []int{1, 3, 63, 64, 65, 200} {
		addr := served(t, func(c net.Conn) {
			in := make([]byte, piece)
			for {
				n, err := io.ReadFull(c, in)
				if n > 0 {
					if _, err := c.Write(in[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		})
		c, err := dial(addr)
		if err != nil {
			t.Fatal(err)
		}
		p := newPipeline(c, 64, 16)
		for n := range 5 { // what is in flight beyond may wait for its piece's end
			if err := p.next(); err != nil {
				t.Errorf("pieces of %d, unit %d: %v", piece, n, err)
				break
			}
		}
		if p.sent < 16 || p.sent-p.answered > 16 {
			t.Errorf("pieces of %d: %d sent, %d answered", piece, p.sent, p.answered)
		}
		c.Close()
	}
}

func TestHTTPClientReadsWholeAnswersOnly(t *testing.T) {
	body := []byte("Hello, world!\n")
	answer := func(head string, body []byte) []byte { return append([]byte("HTTP/1.1 "+head+"\r\n\r\n"), body...) }
	good := answer(fmt.Sprintf("200 OK\r\nDate: today\r\ncontent-length: %d", len(body)), body)
	for _, test := range []struct {
		name   string
		answer []byte
		want   string // of the error; empty: none
	}{
		{"right", good, ""},
		{"another status", answer("404 Not Found\r\nContent-Length: 14", body), "404 Not Found"},
		{"no length", answer("200 OK\r\nDate: today", body), "no length"},
		{"another length", answer("200 OK\r\nContent-Length: 13", body[:13]), "a body of 13 bytes, 14 are wanted"},
		{"another body", answer("200 OK\r\nContent-Length: 14", bytes.ToUpper(body)), errDiffers.Error()},
		{"cut", good[:len(good)-1], "EOF"},
		{"too much", append(bytes.Clone(good), 'x'), "1 bytes more"},
		{"head without end", append([]byte("HTTP/1.1 200 OK\r\n"), bytes.Repeat([]byte("A"), 8000)...), "without end"},
	} {
		for _, piece := range []int{1, 3, 1 << 20} {
			if piece < len(test.answer) && test.name == "too much" {
				continue // the byte too many comes after the answer has been read
			}
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				in := make([]byte, 1024)
				if _, err := server.Read(in); err != nil {
					return
				}
				for at := 0; at < len(test.answer); at += piece {
					if _, err := server.Write(test.answer[at:min(at+piece, len(test.answer))]); err != nil {
						return
					}
				}
			}()
			err := newHTTPClient("/", body).get(client)
			client.Close()
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%s, in pieces of %d: the error is %v, want %q", test.name, piece, err, test.want)
			}
		}
	}
}

func TestToolsOutputIsRead(t *testing.T) {
	const wrkSays = `Running 1s test @ http://127.0.0.1:1/
  Latency Distribution
     50%  806.00us
     75%    1.44ms
     90%    3.19ms
     99%    1.02s
  66038 requests in 1.10s, 8.25MB read
Requests/sec:  59945.17
`
	f, units, err := readWrk([]byte(wrkSays))
	if err != nil || units != 66038 || f[perSecond] != 59945.17 || f[p50] != 806e3 || f[p90] != 3.19e6 || f[p99] != 1.02e9 {
		t.Errorf("wrk: %v, %v units, error %v", f, units, err)
	}
	for _, wrong := range []string{
		wrkSays + "  Non-2xx or 3xx responses: 3\n", wrkSays + "  Socket errors: connect 0, read 0, write 0, timeout 1\n",
		strings.Replace(wrkSays, "66038", "0", 1), "unable to connect", strings.Replace(wrkSays, "99%", "98%", 1),
	} {
		if _, _, err := readWrk([]byte(wrong)); err == nil {
			t.Errorf("wrk: no error for %q", wrong)
		}
	}
	const h2loadSays = `finished in 249.87ms, 80042.26 req/s, 10.00MB/s
requests: 20000 total, 20000 started, 20000 done, 20000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx
`
	f, units, err = readH2load([]byte(h2loadSays))
	if err != nil || units != 20000 || f[perSecond] != 80042.26 {
		t.Errorf("h2load: %v, %v units, error %v", f, units, err)
	}
	for _, wrong := range []string{strings.Replace(h2loadSays, "20000 2xx", "19999 2xx", 1), "", "finished in 1s"} {
		if _, _, err := readH2load([]byte(wrong)); err == nil {
			t.Errorf("h2load: no error for %q", wrong)
		}
	}
}

func TestBenchmarksAreRead(t *testing.T) {
	const text = `goos: linux
BenchmarkFresh/C-2   	   45076	      8614 ns/op	     994 B/op	       2 allocs/op
BenchmarkMetering/Go/tight-2 	 10	 0 ns/op	 1.25 full/stock
PASS
`
	all, err := readBenchmarks([]byte(text))
	if err != nil || len(all) != 2 || all["Fresh/C"]["ns/op"] != 8614 || all["Metering/Go/tight"]["full/stock"] != 1.25 {
		t.Errorf("%v, error %v", all, err)
	}
	if _, err := readBenchmarks([]byte("BenchmarkX-2 10 fast ns/op\n")); err == nil {
		t.Error("a value that is no number was read")
	}
}
