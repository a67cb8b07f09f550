package e2e

import (
	"encoding/binary"
	"strings"
	"testing"
	"time"
)

// family serves a module over TCP and UDP, and asks it over both with real clients.
func family(t *testing.T, name string, set ...string) (overTCP, overUDP func(input string) string) {
	t.Helper()
	t.Parallel() // most of the time goes into waiting for datagrams that do not come
	args := []string{"run", name, "--listen", "tcp:0:interface=127.0.0.1", "--listen", "udp:0:interface=127.0.0.1"}
	for _, s := range set {
		args = append(args, "--set", s)
	}
	s := serve(t, args...)
	return func(input string) string {
			// It gives up on a connection that was reset, with what it has received: servers that do not read get no input.
			return command(t, input, "nc", "-N", "127.0.0.1", s.port(0)).stdout
		}, func(input string) string {
			// socat waits a second for what answers the datagram.
			return command(t, input, "socat", "-t1", "-", "UDP4:127.0.0.1:"+s.port(1)).stdout
		}
}

func TestWireFamilyOverTCPAndUDP(t *testing.T) {
	t.Run("echo", func(t *testing.T) {
		tcp, udp := family(t, "echo")
		if got := tcp("hello\n"); got != "hello\n" {
			t.Errorf("TCP: %q", got)
		}
		if got := udp("hello\n"); got != "hello\n" {
			t.Errorf("UDP: %q", got)
		}
	})
	t.Run("discard", func(t *testing.T) {
		tcp, udp := family(t, "discard")
		if got := tcp("hello\n") + udp("hello\n"); got != "" {
			t.Errorf("%q", got)
		}
	})
	t.Run("chargen", func(t *testing.T) {
		_, udp := family(t, "chargen")
		if got := udp("\n"); len(got) != 74 || !strings.HasPrefix(got, " !\"#$") || !strings.HasSuffix(got, "\r\n") {
			t.Errorf("UDP: %q", got)
		}
	})
	t.Run("daytime", func(t *testing.T) {
		tcp, udp := family(t, "daytime", "layout="+time.RFC3339)
		for _, got := range []string{tcp(""), udp("\n")} {
			told, err := time.Parse(time.RFC3339, strings.TrimSuffix(got, "\r\n"))
			if err != nil || time.Since(told).Abs() > time.Hour {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
	t.Run("time", func(t *testing.T) {
		tcp, udp := family(t, "time")
		for _, got := range []string{tcp(""), udp("\n")} {
			if len(got) != 4 {
				t.Fatalf("%q", got)
			}
			if told := time.Unix(int64(binary.BigEndian.Uint32([]byte(got)))-2_208_988_800, 0); time.Since(told).Abs() > time.Hour {
				t.Errorf("%v", told)
			}
		}
	})
	t.Run("qotd", func(t *testing.T) {
		tcp, udp := family(t, "qotd", "quote=Less is more.")
		if got := tcp("") + udp("\n"); got != "Less is more.\r\nLess is more.\r\n" {
			t.Errorf("%q", got)
		}
	})
	t.Run("who", func(t *testing.T) {
		tcp, udp := family(t, "who", "users=ann;bob tty1")
		if got := tcp("") + udp("\n"); got != "ann\r\nbob tty1\r\nann\r\nbob tty1\r\n" {
			t.Errorf("%q", got)
		}
	})
}
