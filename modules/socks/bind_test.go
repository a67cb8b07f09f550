package socks

import (
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

const (
	bind4      = "\x04\x02\x00\x15\x01\x02\x03\x04fooBAR\x00"              // from 1.2.3.4
	bind4a     = "\x04\x02\x00\x15\x00\x00\x00\x01user\x00ftp.example\x00" // from ftp.example
	bind5      = "\x05\x02\x00\x01\x01\x02\x03\x04\x00\x15"                // from 1.2.3.4
	bindAny    = "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"                // from anybody
	associate5 = "\x05\x03\x00\x01\x00\x00\x00\x00\x00\x00"                // the client's port is not known
	bound4     = "\x00\x5a\x04\xd2\x06\x07\x08\x09"                        // 6.7.8.9:1234
	bound5     = "\x05\x00\x00\x01\x06\x07\x08\x09\x04\xd2"                // 6.7.8.9:1234
	came4      = "\x00\x5a\x00\x00\x00\x00\x00\x00"                        // the second reply of SOCKS 4
)

var (
	at6789 = Config{BindAddress: netip.MustParseAddr("6.7.8.9"), BindLow: 1234, BindHigh: 1234}
	nobody = protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return nil })
)

// visit connects from an address to a port that BIND has opened.
func (p *proxy) visit(from, to string) *reactortest.Recorder {
	p.t.Helper()
	visitor := &reactortest.Recorder{}
	f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return visitor })
	if _, err := p.Connect("tcp:"+to+":bindAddress="+from, f); err != nil {
		p.t.Fatal(err)
	}
	p.Settle()
	return visitor
}

func TestBind(t *testing.T) {
	for name, c := range map[string]struct{ request, first, second, from string }{
		"4":   {bind4, bound4, came4, "1.2.3.4"},
		"4a":  {bind4a, bound4, came4, "1.2.3.4"},
		"5":   {hello5 + bind5, "\x05\x00" + bound5, "\x05\x00\x00\x01\x01\x02\x03\x04", "1.2.3.4"},
		"any": {hello5 + bindAny, "\x05\x00" + bound5, "\x05\x00\x00\x01\x09\x09\x09\x09", "9.9.9.9"},
	} {
		for _, chunks := range []reactortest.Chunks{reactortest.Whole(), reactortest.Sizes(3), reactortest.Sizes(1)} {
			t.Run(name, func(t *testing.T) {
				p := newProxy(t, at6789)
				p.Hosts["ftp.example"] = []string{"9.9.9.8", "1.2.3.4"}
				p.conn.Chunks = chunks
				p.expect(c.request, c.first)
				visitor := p.visit(c.from, "6.7.8.9:1234")
				got := p.client.Take()
				if len(got) < len(c.second) || got[:len(c.second)] != c.second || len(got) > len(c.second)+2 {
					t.Fatalf("the second reply is %q, want %q", got, c.second)
				}
				p.talk(&server{Recorder: visitor})
				if late := p.visit(c.from, "6.7.8.9:1234"); late.Transport != nil {
					t.Error("the port is open for a second connection")
				}
				if p.Pending() > 0 {
					t.Error("the timeout is not over")
				}
			})
		}
	}
}

// Twisted's server compares the peer's address object with a text: no real peer is ever the right one.
func TestBindRefusesAnotherPeer(t *testing.T) {
	for name, c := range map[string]struct{ request, first, second string }{
		"4": {bind4, bound4, no4}, "5": {hello5 + bind5, "\x05\x00" + bound5, fail5(notAllowed)},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProxy(t, at6789)
			p.expect(c.request, c.first)
			visitor := p.visit("1.6.6.6", "6.7.8.9:1234")
			if got := p.client.Take(); got != c.second {
				t.Errorf("the second reply is %q, want %q", got, c.second)
			}
			if visitor.Reason == nil || len(visitor.Received) > 0 {
				t.Errorf("the wrong peer is not turned away: %v, %q", visitor.Reason, visitor.Received)
			}
			p.closed()
		})
	}
}

func TestBindTimeout(t *testing.T) {
	p := newProxy(t, at6789)
	p.expect(bind4, bound4)
	p.Advance(DefaultBindTimeout)
	if got := p.client.Take(); got != no4 {
		t.Errorf("replied %q", got)
	}
	p.closed()
	if late := p.visit("1.2.3.4", "6.7.8.9:1234"); late.Transport != nil {
		t.Error("the port is still open")
	}
}

// Without an address of its own BIND listens where the client has connected to, at any port or one of a range.
func TestWhereBindListens(t *testing.T) {
	p := newProxy(t, Config{BindLow: 2000, BindHigh: 2001})
	p.server("tcp:2000")
	p.server("tcp:2000:interface=127.0.0.1")
	p.expect(bind4, "\x00\x5a\x07\xd1\x7f\x00\x00\x01")
	p = newProxy(t, Config{BindAddress: netip.IPv4Unspecified(), BindLow: 2000, BindHigh: 2000})
	p.expect(bind4, "\x00\x5a\x07\xd0\x7f\x00\x00\x01")
	p = newProxy(t, Config{BindLow: 2000, BindHigh: 2000})
	p.server("tcp:2000:interface=127.0.0.1")
	p.expect(bind4, no4)
	p.closed()
}

// A client in BIND may send ahead, but not without end.
func TestBindHoldsBackEarlyData(t *testing.T) {
	p := newProxy(t, at6789)
	p.expect(bind4, bound4)
	for range 20 {
		p.send(string(make([]byte, 16<<10)))
	}
	if !p.conn.ReadingPaused() {
		t.Error("data for a peer that has not come is read without end")
	}
	visitor := p.visit("1.2.3.4", "6.7.8.9:1234")
	p.Settle()
	if len(visitor.Received) != 20*16<<10 {
		t.Errorf("%d bytes of early data arrive", len(visitor.Received))
	}
}
