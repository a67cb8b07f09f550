package policy

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// proxyCase is a fact about Twisted's wrapper, except that ours takes headers in chunks of any size.
type proxyCase struct {
	ID     string   `json:"id"`
	Send   []string `json:"send"`
	Expect struct {
		Delivered string `json:"delivered"`
		Peer      string `json:"peer"`
		Host      string `json:"host"`
		Output    string `json:"output"`
		Close     bool   `json:"close"`
	} `json:"expect"`
}

func TestProxyVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/haproxy.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []proxyCase `json:"cases"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		var chunks [][]byte
		for _, s := range c.Send {
			b, err := hex.DecodeString(s)
			if err != nil {
				t.Fatal(err)
			}
			chunks = append(chunks, b)
		}
		whole := bytes.Join(chunks, nil)
		t.Run(c.ID+"/sent", func(t *testing.T) { play(t, c, chunks) })
		for name, size := range map[string]int{"whole": len(whole), "3": 3, "1": 1} {
			t.Run(c.ID+"/"+name, func(t *testing.T) {
				var chunks [][]byte
				for rest := whole; len(rest) > 0; rest = rest[len(chunks[len(chunks)-1]):] {
					chunks = append(chunks, rest[:min(size, len(rest))])
				}
				play(t, c, chunks)
			})
		}
	}
}

// play gives the chunks to a proxied connection and holds what happens to what is expected.
func play(t *testing.T, c proxyCase, chunks [][]byte) {
	inner := &reactortest.Recorder{}
	p := NewProxyFactory(always(inner), 0).build()
	tr := reactortest.NewStringTransport()
	tr.PeerAddress, tr.HostAddress = tcp("192.0.2.2:999"), tcp("192.0.2.1:80")
	p.ConnectionMade(tr)
	for _, chunk := range chunks {
		if tr.Disconnecting() {
			break
		}
		p.DataReceived(chunk)
		tr.Clock.Advance(0)
	}
	if got := hex.EncodeToString(inner.Received); got != c.Expect.Delivered {
		t.Errorf("delivered %s, want %s", got, c.Expect.Delivered)
	}
	if got := hex.EncodeToString([]byte(tr.Output())); got != c.Expect.Output {
		t.Errorf("wrote %s, want %s", got, c.Expect.Output)
	}
	if tr.Disconnecting() != c.Expect.Close {
		t.Errorf("closed: %v, want %v", tr.Disconnecting(), c.Expect.Close)
	}
	// Where the header is wrong there is no protocol to ask, and the addresses are those of the transport.
	for _, end := range []struct {
		name string
		got  protocol.Address
		want string
	}{{"peer", p.Peer(), c.Expect.Peer}, {"host", p.Host(), c.Expect.Host}} {
		ip, port, _ := strings.Cut(end.want, "|")
		want := net.JoinHostPort(netip.MustParseAddr(ip).String(), port)
		if end.got.String() != want {
			t.Errorf("%s %v, want %s", end.name, end.got, want)
		}
	}
	if made := inner.Transport != nil; made == c.Expect.Close {
		t.Errorf("protocol was connected: %v", made)
	}
	if !c.Expect.Close && inner.Transport.Peer() != p.Peer() {
		t.Errorf("the protocol's peer is %v, not %v", inner.Transport.Peer(), p.Peer())
	}
}
