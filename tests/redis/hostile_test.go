package redis

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
)

// TestHostilePeers does to a sandboxed server what clients should not; a neighbour must not notice.
func TestHostilePeers(t *testing.T) {
	s := startSandboxed(t, "max-output", "200000")
	neighbour := s.dial(t)
	for _, c := range []struct{ name, input, answer string }{
		{"oversized", "*2\r\n$4\r\nECHO\r\n$1048577\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"too many arguments", "*16385\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"endless line", strings.Repeat("x", 200_000), "-ERR Protocol error: too big inline request\r\n"},
		{"no protocol at all", "*1\r\n\x16\x03\x01\x02\x00\x01\x00\r\n", "-ERR Protocol error: expected '$', got '?'\r\n"},
		{"endless transaction", "MULTI\r\n" + strings.Repeat("ECHO "+strings.Repeat("x", 60_000)+"\r\n", 80) + "EXEC\r\nQUIT\r\n",
			"EXECABORT Transaction discarded"},
		{"truncated", "*2\r\n$4\r\nECHO\r\n$100\r\nx", ""},
		{"many stars", "SET " + strings.Repeat("a", 20_000) + " x\r\nKEYS " + strings.Repeat("*a", 1000) + "b\r\nQUIT\r\n", "*0\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := s.dial(t)
			sent := make(chan struct{})
			go func() { // the server may close before it has read everything
				defer close(sent)
				_, _ = io.WriteString(p, c.input)
				if c.answer == "" {
					p.Close()
				}
			}()
			answer, err := io.ReadAll(p)
			<-sent
			if c.answer != "" && err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
			if !strings.Contains(string(answer), c.answer) {
				t.Errorf("answered %.200q, want %q", answer, c.answer)
			}
			if got := neighbour.ask("PING"); got != "+PONG\r\n" {
				t.Errorf("the neighbour is answered %q", got)
			}
		})
	}
	t.Run("subscriber that does not read", func(t *testing.T) {
		p := s.dial(t)
		p.ask("SUBSCRIBE", "c")
		message := strings.Repeat("x", 100_000)
		for told := 0; neighbour.ask("PUBLISH", "c", message) != ":0\r\n"; told++ {
			if told > 1000 { // far more than the system keeps for a socket
				t.Fatal("it is not dropped")
			}
		}
	})
}

// TestByteByByte sends requests of both kinds one byte at a time, over a socket.
func TestByteByByte(t *testing.T) {
	s := startSandboxed(t)
	for _, size := range []int{1, 3} {
		c := s.dial(t)
		input := "SET k 'a b'\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*3\r\n$5\r\nRPUSH\r\n$1\r\nl\r\n$2\r\n\r\n\r\nDEL l\r\nQUIT\r\n"
		for len(input) > 0 {
			n := min(size, len(input))
			if _, err := io.WriteString(c, input[:n]); err != nil {
				t.Fatal(err)
			}
			input = input[n:]
		}
		output, err := io.ReadAll(c.in)
		if want := "+OK\r\n$3\r\na b\r\n:1\r\n:1\r\n+OK\r\n"; string(output) != want || err != nil {
			t.Errorf("%d bytes at a time: %q, %v, want %q", size, output, err, want)
		}
	}
}
