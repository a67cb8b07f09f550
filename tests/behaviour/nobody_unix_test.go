//go:build unix

package behaviour

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"
)

// nobody is a client endpoint where nobody listens. Its port is taken until the test ends, so that the system gives it to
// nobody else; whoever shares addresses, as the reactor does, may listen there all the same.
func nobody(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	unix.CloseOnExec(fd)
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("tcp:127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}
