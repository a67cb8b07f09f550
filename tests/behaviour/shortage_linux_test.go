package behaviour

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// TestNoDescriptors restates test_closePeerOnEMFILE: when there are no descriptors left whoever connects is turned away,
// or, on package net, left waiting; and when there are some again, the same port serves.
func TestNoDescriptors(t *testing.T) {
	trial.OnBackends(t, func(t *testing.T, backend string) {
		r := trial.Start(t, reactor.Config{Backend: backend})
		greeter := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			p := trial.NewProbe(t)
			p.On[trial.Made] = func(trial.Event) {
				p.Send("hello")
				p.Transport.LoseConnection()
			}
			return p
		})
		at := r.MustListen(trial.Localhost, greeter).Host().String()
		greeted := func(c net.Conn) bool {
			t.Helper()
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(trial.Patience)); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("neither served nor turned away")
			}
			return string(got) == "hello"
		}
		connect := func() net.Conn {
			t.Helper()
			c, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		if !greeted(connect()) {
			t.Fatal("the port does not serve")
		}

		release := exhaust(t, 1)
		c := connect() // with the last descriptor
		r.Eventually("the log tells of the shortage", func() bool { return r.Logged("cannot accept connections") })
		if backend != "net" && greeted(c) {
			t.Error("a connection is served without a descriptor")
		}
		release()
		if backend == "net" && !greeted(c) {
			t.Error("the one that waited is not served")
		}
		if !greeted(connect()) {
			t.Error("the port does not serve again")
		}
	})
}

// exhaust takes all descriptors that the process may have but so many, until release is called.
func exhaust(t *testing.T, leave int) (release func()) {
	t.Helper()
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = 200
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	var taken []*os.File
	release = sync.OnceFunc(func() {
		for _, f := range taken {
			f.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &old); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(release)
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		taken = append(taken, f)
	}
	for range leave {
		taken[len(taken)-1].Close()
		taken = taken[:len(taken)-1]
	}
	return release
}
