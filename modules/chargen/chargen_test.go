package chargen

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func connect(t *testing.T) (*reactortest.Pair, *reactortest.Recorder) {
	t.Helper()
	factory, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	client := &reactortest.Recorder{}
	return reactortest.NewPair(client, factory.BuildProtocol(nil)), client
}

func TestPatternIsThatOfRFC864(t *testing.T) {
	p, client := connect(t)
	for len(client.Received) < 2*len(page) {
		p.Turn()
	}
	lines := strings.SplitAfter(string(client.Received[:2*len(page)]), "\r\n")
	for i, want := range map[int]string{
		0:  ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefg\r\n",
		1:  `!"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefgh\r\n",
		94: `~ !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdef\r\n",
		95: ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefg\r\n",
	} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
}

func TestWritesNoMoreThanThePeerReads(t *testing.T) {
	p, client := connect(t)
	client.Transport.PauseReading()
	p.Settle()
	if n := p.Server.Buffered(); n > len(page) {
		t.Errorf("%d bytes are queued, want at most a page of %d", n, len(page))
	}
	if p.Server.Lost() != nil {
		t.Errorf("lost: %v", p.Server.Lost())
	}
}

func TestStopsWhenThePeerLeaves(t *testing.T) {
	p, client := connect(t)
	p.Turn()
	client.Transport.LoseConnection()
	p.Settle()
	if got := protocol.ReasonOf(p.Server.Lost()); p.Server.Lost() == nil || got != protocol.ErrConnectionDone {
		t.Errorf("lost: %v", p.Server.Lost())
	}
}

func TestInputIsThrownAway(t *testing.T) {
	p, client := connect(t)
	client.Transport.Write([]byte("be quiet"))
	for len(client.Received) < len(page) {
		p.Turn()
	}
	if got := string(client.Received[:len(page)]); got != string(page) {
		t.Errorf("the pattern begins %.80q", got)
	}
}

func TestDatagrams(t *testing.T) {
	f, err := New(nil, Config{})
	if err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[int]int{0: 74, 74: 74, 75: 75, 512: 512, 5000: 512} {
		got := moduletest.Ask(t, f, 4000, strings.Repeat("x", asked))
		if len(got) != 1 || len(got[0]) != want || got[0] != string(page[:want]) {
			t.Errorf("for %d bytes: %q, want %d", asked, got, want)
		}
	}
}
