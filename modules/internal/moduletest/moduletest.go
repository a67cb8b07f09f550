// Package moduletest is what the tests of modules have in common.
package moduletest

import (
	"net"
	"testing"
)

// Settings is a module's configuration: keys and values in turn.
func Settings(pairs ...string) func(key string) (value string, ok bool) {
	return func(key string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// Serve runs a server on a listener until the test ends, and returns its address.
func Serve(t testing.TB, serve func(net.Listener) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- serve(l) }()
	t.Cleanup(func() {
		l.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}
