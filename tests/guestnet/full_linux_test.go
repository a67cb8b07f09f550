package guestnet

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fullListener returns the address of a listener that accepts nobody and whose queue is full.
func fullListener(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(name.(*unix.SockaddrInet4).Port))
	for {
		c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestDiallingTakesTooLong(t *testing.T) {
	// A listener whose queue is full answers nobody: the guest's own deadline is what ends the attempt.
	address := fullListener(t)
	_, tell := commands(t, "dial=tcp:127.0.0.1:*")
	got := tell("late tcp " + address + " 50ms")
	if !strings.Contains(got, "context deadline exceeded") || !strings.HasSuffix(got, "timeout:true") {
		t.Error(got)
	}
}
