//go:build !unix

package behaviour

import (
	"fmt"
	"net"
	"testing"
)

// nobody is a client endpoint where nobody listens: the port was somebody's until now.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprintf("tcp:127.0.0.1:%d", listener.Addr().(*net.TCPAddr).Port)
}
