//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"golang.org/x/sys/unix"
)

func TestVariantsAreModulesOfTheirOwn(t *testing.T) {
	file, err := imageGuest(t.TempDir(), 1<<16)
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := wazero.NewRuntime(context.Background())
	defer r.Close(context.Background())
	seen := [][]byte{wasm}
	for _, n := range []int{0, 1, 63, 64, 4095} {
		v, err := variant(wasm, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range seen {
			if bytes.Equal(v, other) {
				t.Errorf("variant %d is the same as one before", n)
			}
		}
		seen = append(seen, v)
		if _, err := r.CompileModule(context.Background(), v); err != nil {
			t.Errorf("variant %d: %v", n, err)
		}
	}
	for name, bad := range map[string][]byte{
		"nothing": nil, "no functions": wasm[:8], "cut off": wasm[:len(wasm)/2], "endless size": append(bytes.Clone(wasm[:8]), 1, 0xff, 0xff),
	} {
		if _, err := variant(bad, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestStagesOfAStart(t *testing.T) {
	f, err := stages("wasmnet: start=1s\n" +
		`time=x level=DEBUG msg="module loaded" module=echo unpack=1.5ms rewrite=2ms compile=92.091186ms` + "\n" +
		`time=x level=DEBUG msg="service started" module=echo service=echo start=13µs` + "\nlistening on tcp:127.0.0.1:1\n")
	if err != nil || len(f) != 4 || f[unpacking] != 1.5e6 || f[rewriting] != 2e6 || f[compiling] != 92091186 || f[starting] != 13e3 {
		t.Errorf("stages are %v (%v)", f, err)
	}
	if _, err := stages(`msg="service started" start=soon`); err == nil {
		t.Error("soon is a duration")
	}
}

func TestConnectionsComeFromSeveralAddresses(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for i, want := range map[int]string{0: "127.0.0.1", perSource - 1: "127.0.0.1", perSource: "127.0.0.2", 100000: "127.0.0.6"} {
		c, err := dialFrom(i, l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.LocalAddr().(*net.TCPAddr).IP.String(); got != want {
			t.Errorf("connection %d comes from %s, want %s", i, got, want)
		}
		c.Close()
	}
}

func TestTooFewFilesAreNoFailure(t *testing.T) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	var why absent
	if err := mayOpen(int(min(l.Max, 1<<40))); !errors.As(err, &why) || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("more connections than files: %v", err)
	}
	if err := mayOpen(1); err != nil {
		t.Error(err)
	}
	b, err := measure(options{rounds: 2}, workload{subjects: []subject{{name: "s", measure: func() (figures, error) { return nil, absent("why") }}}})
	if err != nil || b.Rows[0].Absent != "why" {
		t.Errorf("%+v, %v", b.Rows, err)
	}
}

// A workload whose rounds are few is played as often as it says, and not more.
func TestRoundsOfAWorkload(t *testing.T) {
	n := 0
	w := workload{rounds: 1, subjects: []subject{{name: "s", measure: func() (figures, error) { n++; return figures{perUnit: 1}, nil }}}}
	if _, err := measure(options{rounds: 3}, w); err != nil || n != 1 {
		t.Errorf("%d rounds, %v", n, err)
	}
}

func TestAllocationsAreCounted(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); tellAllocated(l) }()
	p := &process{addrs: []string{l.Addr().String(), ""}}
	f, err := countAllocations(options{window: 50 * time.Millisecond}, 2, func(string) (func() error, func(), error) {
		kept := new([]byte)
		return func() error { *kept = make([]byte, 4096); return nil }, func() { runtime.KeepAlive(kept) }, nil
	})(p)
	l.Close()
	<-done
	// Two messages share the one object. What the test itself allocates comes on top.
	if err != nil || f[allocsPerUnit] < 0.4 || f[bytesPerUnit] < 1800 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestPipelinedSendsAllAndComparesAll(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	sent := make(chan []byte, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		all := make([]byte, 4*64)
		if _, err := io.ReadFull(c, all); err == nil {
			sent <- bytes.Clone(all)
			_, _ = c.Write(all)
		}
		if _, err := io.ReadFull(c, all); err == nil {
			all[100]++
			_, _ = c.Write(all)
		}
	}()
	unit, closeIt, err := pipelined(l.Addr().String(), 4, 64)
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt()
	if err := unit(); err != nil {
		t.Fatal(err)
	}
	if got := <-sent; !bytes.Equal(got, bytes.Repeat([]byte("wasmnet!"), 32)) {
		t.Errorf("sent %q", got)
	}
	if err := unit(); !errors.Is(err, errDiffers) {
		t.Errorf("a wrong answer gives %v", err)
	}
}

func TestImagesAreAsLargeAsTheySay(t *testing.T) {
	file, err := imageGuest(t.TempDir(), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(file) != "image-1048576.wasm" {
		t.Errorf("the file is %s", file)
	}
	f, err := freshStock(file, time.Millisecond, true)
	if err != nil || f[perUnit] <= 0 {
		t.Errorf("%v, %v", f, err)
	}
}
