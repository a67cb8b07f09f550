package testpeer_test

import (
	"io"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testpeer"
)

func TestServe(t *testing.T) {
	waiting := make(chan net.Conn, 2)
	t.Run("serving", func(t *testing.T) {
		address := testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
			io.CopyN(c, c, 5)
			waiting <- c
			c.Read(make([]byte, 1)) // until the test is over
		})
		for range 2 {
			c, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			got := make([]byte, 5)
			if _, err := io.WriteString(c, "hello"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
				t.Fatalf("it answered %q, %v", got, err)
			}
		}
	})
	for range 2 {
		if _, err := (<-waiting).Write([]byte("x")); err == nil {
			t.Error("a connection is open after the test")
		}
	}
}
