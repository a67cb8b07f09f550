package e2e

import (
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestEchoAnswersNetcat(t *testing.T) {
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1")
	got := command(t, "hello\nworld\n", "nc", "-N", "127.0.0.1", s.port(0))
	if got.stdout != "hello\nworld\n" {
		t.Errorf("nc saw %q, %q", got.stdout, got.stderr)
	}
	if status := s.stop(); status != 0 {
		t.Errorf("exit status %d after SIGTERM", status)
	}
}

func TestEchoAnswersSocatOnUNIX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "echo.sock")
	s := serve(t, "run", "echo", "--listen", "unix:"+path)
	if want := "unix:" + path; s.endpoints[0] != want {
		t.Errorf("ready line names %q, want %q", s.endpoints[0], want)
	}
	got := command(t, "over unix\n", "socat", "-t", "10", "-", "UNIX-CONNECT:"+path)
	if got.stdout != "over unix\n" {
		t.Errorf("socat saw %q, %q", got.stdout, got.stderr)
	}
}

func TestEchoAnswersOpenSSL(t *testing.T) {
	key, cert := selfSigned(t, "localhost")
	s := serve(t, "run", "echo", "--listen", "ssl:0:privateKey="+key+":certKey="+cert+":interface=127.0.0.1")
	for _, version := range []string{"-tls1_2", "-tls1_3"} {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
		if err != nil {
			t.Fatal(err)
		}
		c.Close() // a client that leaves before the handshake

		got := talk(t, "over TLS\n", "openssl", "s_client", version, "-quiet", "-no_ign_eof", "-verify_return_error", "-CAfile", cert,
			"-servername", "localhost", "-connect", "127.0.0.1:"+s.port(0))
		if got != "over TLS\n" {
			t.Errorf("s_client %s saw %q", version, got)
		}
	}
	refused := command(t, "", "openssl", "s_client", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-connect", "127.0.0.1:"+s.port(0))
	if !strings.Contains(refused.stdout+refused.stderr, "alert protocol version") {
		t.Errorf("TLS 1.1 is not refused: %s%s", refused.stdout, refused.stderr)
	}
}

func TestFiveThousandConnectionsEcho(t *testing.T) {
	const n = 5000
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1", "--limit", "connections=6000", "--limit", "per-peer=6000")
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		defer c.Close()
		conns[i] = c
	}
	for round := range 3 {
		for i, c := range conns {
			if _, err := fmt.Fprintf(c, "%d of %d\n", i, round); err != nil {
				t.Fatalf("connection %d: %v", i, err)
			}
		}
		for i, c := range conns {
			want := fmt.Sprintf("%d of %d\n", i, round)
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
				t.Fatalf("connection %d got %q, %v", i, got, err)
			}
		}
	}
}

// TestRandomDepartures kills clients in every state and looks for what they left behind.
func TestRandomDepartures(t *testing.T) {
	s := serve(t, "run", "echo", "--listen", "tcp:0:interface=127.0.0.1", "--limit", "per-peer=1000")
	echoOnce(t, s.port(0))
	before := s.descriptors()
	var wg sync.WaitGroup
	for i := range 300 {
		wg.Go(func() {
			random := mathrand.New(mathrand.NewPCG(uint64(i), 1))
			c, err := net.Dial("tcp", "127.0.0.1:"+s.port(0))
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			data := make([]byte, random.IntN(200_000))
			_, _ = rand.Read(data)
			go func() { _, _ = c.Write(data) }()
			if n := random.IntN(len(data) + 1); n > 0 {
				got := make([]byte, n)
				if _, err := io.ReadFull(c, got); err != nil {
					t.Errorf("client %d: %v", i, err)
				}
			}
			if random.IntN(2) == 0 {
				_ = c.(*net.TCPConn).SetLinger(0)
			}
		})
	}
	wg.Wait()
	deadline := time.Now().Add(patience)
	for s.descriptors() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d descriptors stay open, %d before", s.descriptors(), before)
		}
		echoOnce(t, s.port(0))
	}
}

// echoOnce is one client that talks and leaves cleanly.
func echoOnce(t *testing.T, port string) {
	t.Helper()
	c, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 5)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v", got, err)
	}
}
