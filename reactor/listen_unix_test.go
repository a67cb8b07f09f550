//go:build unix

package reactor_test

import (
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// duplicate returns a descriptor of its own for what f is, and closes f.
func duplicate(t *testing.T, f *os.File) int {
	t.Helper()
	defer f.Close()
	fd, err := syscall.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	return fd
}

// TestAdopt listens on a descriptor that was opened elsewhere.
func TestAdopt(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		fd := duplicate(t, f)
		r := start(t, reactor.Config{Backend: backend})
		if _, err := r.ListenEndpoint(&endpoint.Server{Network: "fd", FD: fd, Domain: "UNIX"}, &echoFactory{}); err == nil {
			t.Error("an internet socket was taken for a UNIX socket")
			return
		}
		p, err := r.ListenEndpoint(&endpoint.Server{Network: "fd", FD: fd, Domain: "INET"}, &echoFactory{})
		if err != nil {
			t.Fatal(err)
		}
		exchange(t, dial(t, p.Host()), "hello", "hello")
		at := p.Host()
		p.StopListening()
		if _, err := net.Dial(at.Network(), at.String()); err == nil {
			t.Error("the descriptor is still open")
		}
	})
}

// shortEnv asks TestMain's process to be the one that runs out of descriptors.
const shortEnv = "WASMNET_TEST_OUT_OF_DESCRIPTORS"

// TestOutOfDescriptors runs in a process of its own, which it leaves without descriptors while clients knock.
func TestOutOfDescriptors(t *testing.T) {
	if backend, inside := os.LookupEnv(shortEnv); inside {
		outOfDescriptors(t, backend)
		return
	}
	onBackends(t, func(t *testing.T, backend string) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestOutOfDescriptors$", "-test.v")
		cmd.Env = append(os.Environ(), shortEnv+"="+backend)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func outOfDescriptors(t *testing.T, backend string) {
	r := start(t, reactor.Config{Backend: backend, Loops: 2})
	at := r.listen(localhost, newEcho)
	first := dial(t, at)
	exchange(t, first, "hello", "hello")

	// The clients' own descriptors come first: they are bound, and have only to connect.
	const knocking = 10
	var clients []int
	for range knocking {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		clients = append(clients, fd)
	}
	hoard := exhaust(t)
	to := at.(protocol.TCPAddress)
	for _, fd := range clients {
		if err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())}); err != nil {
			t.Fatal(err)
		}
	}
	// With a descriptor in reserve they are turned away; the fallback leaves them in the kernel's queue.
	if backend == "epoll" {
		for _, fd := range clients {
			if n, err := syscall.Read(fd, make([]byte, 1)); n != 0 || err != nil {
				t.Errorf("a client that cannot be served reads %d, %v; want the end", n, err)
			}
		}
		for _, l := range r.Loops() {
			r.onLoop(l, func() {}) // one of them may still be about to log
		}
		r.logged("cannot accept connections")
	}
	exchange(t, first, "still here", "still here")
	for _, f := range hoard {
		f.Close()
	}
	exchange(t, dial(t, at), "welcome", "welcome")
	if backend == "net" {
		fd := clients[len(clients)-1]
		if _, err := syscall.Write(fd, []byte("waited")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 6)
		if n, err := syscall.Read(fd, buf); string(buf[:max(n, 0)]) != "waited" || err != nil {
			t.Errorf("a client that waited reads %q, %v", buf[:max(n, 0)], err)
		}
	}
}

// exhaust opens files until no descriptor is left.
func exhaust(t *testing.T) (hoard []*os.File) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	limit.Cur = 128
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			return slices.Clip(hoard)
		}
		hoard = append(hoard, f)
	}
}
