package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

// chatter is a member of a room.
type chatter struct {
	*net.TCPConn
	lines *bufio.Reader
}

func enter(t *testing.T, s *server, nick string) *chatter {
	t.Helper()
	c := dialTo(t, "127.0.0.1:"+s.port(0))
	m := &chatter{c, bufio.NewReader(c)}
	m.say(t, nick+"\n")
	m.await(t, "* You are "+nick+".")
	return m
}

func (m *chatter) say(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(m, text); err != nil {
		t.Fatal(err)
	}
}

// await reads until a line begins with this.
func (m *chatter) await(t *testing.T, beginning string) {
	t.Helper()
	for {
		line, err := m.lines.ReadString('\n')
		if err != nil {
			t.Fatalf("waiting for %q: %v", beginning, err)
		}
		if strings.HasPrefix(line, beginning) {
			return
		}
	}
}

// Everybody shares one sandbox: whoever wears it out with lines, names, commands or silence would end the room for all.
func TestHostileMembersDoNotEndTheRoom(t *testing.T) {
	s := serve(t, "run", "chat", "--listen", "tcp:0:interface=127.0.0.1", "--limit", "per-peer=1000")
	ann, bob := enter(t, s, "Ann"), enter(t, s, "Bob")
	for i := range 100 { // who do not read
		enter(t, s, fmt.Sprintf("quiet%d", i))
	}
	for i, flood := range []string{"x\n", "/who\n", "/me x\n", strings.Repeat("y", 600) + "\n", "\xff\x00\x1b\n"} {
		hostile := enter(t, s, fmt.Sprintf("hostile%d", i))
		go io.WriteString(hostile, strings.Repeat(flood, 1<<20/len(flood)))
	}
	nameless := dialTo(t, "127.0.0.1:"+s.port(0))
	go io.WriteString(nameless, strings.Repeat("no name\n", 100_000))
	endless := dialTo(t, "127.0.0.1:"+s.port(0))
	go io.Copy(endless, io.LimitReader(letters{}, 4<<20))
	for i := range 20 {
		ann.say(t, fmt.Sprintf("still here %d\n", i))
		bob.await(t, fmt.Sprintf("<Ann> still here %d\r\n", i))
	}
	gone := enter(t, s, "Eve")
	gone.Close()
	bob.await(t, "* Eve has gone")
}
