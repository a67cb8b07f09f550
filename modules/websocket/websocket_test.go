package websocket

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server natively and returns its address.
func serve(t *testing.T, keys ...string) string {
	t.Helper()
	c, err := Configure(moduletest.Settings(keys...))
	if err != nil {
		t.Fatal(err)
	}
	return moduletest.Serve(t, New(c))
}

// A client of the tests is one of the library's.
type client struct {
	*testing.T
	*websocket.Conn
}

func dial(t *testing.T, address string) client {
	t.Helper()
	transport := &http.Transport{DisableKeepAlives: true}
	c, _, err := websocket.Dial(t.Context(), "ws://"+address+"/ws", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow() })
	c.SetReadLimit(1 << 20)
	return client{t, c}
}

func (c client) say(texts ...string) {
	c.Helper()
	for _, text := range texts {
		if err := c.Write(c.Context(), websocket.MessageText, []byte(text)); err != nil {
			c.Fatal(err)
		}
	}
}

func (c client) hear(texts ...string) {
	c.Helper()
	for _, want := range texts {
		if _, got, err := c.Read(c.Context()); string(got) != want || err != nil {
			c.Fatalf("heard %q, %v, want %q", got, err, want)
		}
	}
}

// ends is the status that the connection is closed with.
func (c client) ends(want websocket.StatusCode) {
	c.Helper()
	for {
		if _, _, err := c.Read(c.Context()); err != nil {
			if got := websocket.CloseStatus(err); got != want {
				c.Errorf("closed with %d (%v), want %d", got, err, want)
			}
			return
		}
	}
}

func TestEcho(t *testing.T) {
	address := serve(t, "app", "echo", "max-message", "100000")
	c := dial(t, address)
	c.say("hello", "")
	c.hear("hello", "")
	binary := bytes.Repeat([]byte{0, 255}, 50_000)
	if err := c.Write(t.Context(), websocket.MessageBinary, binary); err != nil {
		t.Fatal(err)
	}
	kind, got, err := c.Conn.Reader(t.Context())
	if err != nil || kind != websocket.MessageBinary {
		t.Fatalf("%v, %v", kind, err)
	}
	if b, err := io.ReadAll(got); !bytes.Equal(b, binary) || err != nil {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	c.say(strings.Repeat("x", 100_001))
	c.ends(websocket.StatusMessageTooBig)
	c = dial(t, address)
	if err := c.Close(websocket.StatusNormalClosure, "bye"); err != nil {
		t.Error(err)
	}
}

func TestChat(t *testing.T) {
	address := serve(t, "members", "2")
	ann := dial(t, address)
	ann.say(" Ann\n")
	ann.hear("* Ann has come")
	bob := dial(t, address)
	bob.say("Bob")
	ann.hear("* Bob has come")
	bob.hear("* Bob has come")
	bob.say("hello\x07all", "  ")
	ann.hear("<Bob> hello all")
	for name, why := range map[string]string{"Ann": "taken", "Cid": "full", "": "1 to 20", strings.Repeat("é", 21): "1 to 20"} {
		c := dial(t, address)
		c.say(name)
		if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusPolicyViolation || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v, want %q", name, err, why)
		}
	}
	bob.CloseNow()
	ann.hear("* Bob has gone")
}

// A member that does not read is shown out, and nobody waits for it.
func TestSlowMember(t *testing.T) {
	address := serve(t)
	slow, quick := dial(t, address), dial(t, address)
	slow.say("slow")
	slow.hear("* slow has come")
	quick.say("quick")
	quick.hear("* quick has come")
	line := strings.Repeat("x", 4000)
	for {
		quick.say(line)
		_, got, err := quick.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if string(got) == "* slow has gone" {
			return
		}
	}
}

func TestPagesOfOthersAreRefused(t *testing.T) {
	address := serve(t, "origins", "*.friends.example")
	for origin, want := range map[string]int{
		"http://" + address: 101, "https://a.friends.example": 101, "https://evil.example": 403, "https://friends.example.evil": 403,
	} {
		c, r := upgrade(t, address, "Origin: "+origin+"\r\n")
		if r.StatusCode != want {
			t.Errorf("%s: %d, want %d", origin, r.StatusCode, want)
		}
		c.Close()
	}
}

// upgrade shakes hands without the library.
func upgrade(t *testing.T, address, headers string) (net.Conn, *http.Response) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	io.WriteString(c, "GET /ws HTTP/1.1\r\nHost: "+address+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"+headers+"\r\n")
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	return c, r
}

// What no client may send ends its connection, with the status of RFC 6455 section 7.4.1 where there is one.
func TestHostileFrames(t *testing.T) {
	address := serve(t, "app", "echo", "ping", "50ms")
	for name, c := range map[string]struct {
		frame  string
		status uint16 // 0: the connection is just closed
	}{
		"not masked":                   {"\x81\x02hi", 0},
		"reserved bits":                {"\xf1\x80\x00\x00\x00\x00", 1002},
		"an unknown opcode":            {"\x83\x80\x00\x00\x00\x00", 1002},
		"a control frame of 126 bytes": {"\x89\xfe\x00\x7e\x00\x00\x00\x00", 1002},
		"a length of 2^63":             {"\x82\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 0},
		"a continuation first":         {"\x80\x80\x00\x00\x00\x00", 1002},
		"fragments without end":        {"\x02\xfe\x10\x00\x00\x00\x00\x00" + strings.Repeat("x", 4096) + "\x00\x81\x00\x00\x00\x00x", 1009},
		"nothing, and no pong":         {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			conn, _ := upgrade(t, address, "")
			io.WriteString(conn, c.frame)
			all, err := io.ReadAll(conn)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("it is not closed")
			}
			for len(all) >= 2 && all[0] != 0x88 { // pings come before
				all = all[2+all[1]:]
			}
			if c.status != 0 && (len(all) < 4 || binary.BigEndian.Uint16(all[2:]) != c.status) {
				t.Errorf("answered %q, want status %d", all, c.status)
			}
		})
	}
}

func TestPage(t *testing.T) {
	address := serve(t)
	r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + address + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	if r.StatusCode != 200 || string(b) != page || !strings.Contains(r.Header.Get("Content-Security-Policy"), "connect-src 'self'") {
		t.Errorf("%d, %d bytes, %v", r.StatusCode, len(b), r.Header)
	}
}
