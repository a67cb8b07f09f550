package policy

import (
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// recorders builds a Recorder for each connection.
var recorders = protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &reactortest.Recorder{} })

func TestLimitTotalConnections(t *testing.T) {
	f := NewLimitTotalConnectionsFactory(recorders, 2, nil)
	a, b := build(f, "1.1.1.1:1"), build(f, "1.1.1.2:1")
	if a == nil || b == nil || f.Connections() != 2 {
		t.Fatalf("%d connections", f.Connections())
	}
	if p := build(f, "1.1.1.3:1"); p != nil || f.Connections() != 2 {
		t.Errorf("one too many: %v, %d connections", p, f.Connections())
	}
	a.ConnectionLost(protocol.ErrConnectionDone)
	if f.Connections() != 1 || build(f, "1.1.1.3:1") == nil {
		t.Errorf("a place was not given back: %d connections", f.Connections())
	}
}

// A factory that refuses, or panics, takes no place.
func TestLimitNotBuilt(t *testing.T) {
	total := NewLimitTotalConnectionsFactory(always(nil), 1, nil)
	byPeer := NewLimitConnectionsByPeer(always(nil), 1, 0)
	no := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { panic("no") })
	panics := NewLimitTotalConnectionsFactory(no, 1, nil)
	for range 3 {
		build(total, "1.1.1.1:1")
		build(byPeer, "1.1.1.1:1")
		func() {
			defer func() { recover() }()
			build(panics, "1.1.1.1:1")
		}()
	}
	if total.Connections() != 0 || panics.Connections() != 0 || len(byPeer.count) != 0 {
		t.Errorf("%d and %d connections, peers %v", total.Connections(), panics.Connections(), byPeer.count)
	}
}

func TestLimitOverflow(t *testing.T) {
	busy := &loser{}
	f := NewLimitTotalConnectionsFactory(recorders, 1, always(busy))
	first := build(f, "1.1.1.1:1")
	client := &reactortest.Recorder{}
	pair := reactortest.NewPair(client, build(f, "1.1.1.2:1"))
	if p := build(f, "1.1.1.3:1"); p != nil {
		t.Errorf("the overflow has no limit: %v", p)
	}
	pair.Settle()
	if client.Take() != "bye" || f.Connections() != 1 {
		t.Errorf("client has %q, %d connections", client.Received, f.Connections())
	}
	if build(f, "1.1.1.3:1") == nil {
		t.Error("the overflow gave no place back")
	}
	first.ConnectionLost(protocol.ErrConnectionDone)
	if f.Connections() != 0 {
		t.Errorf("%d connections", f.Connections())
	}
}

func TestLimitConnectionsByPeer(t *testing.T) {
	unix := protocol.UNIXAddress{}
	tests := []struct {
		name  string
		bits6 int
		peers []protocol.Address
		built string // + or - for each
	}{
		{"one peer", 0, []protocol.Address{tcp("1.1.1.1:1"), tcp("1.1.1.1:2"), tcp("1.1.1.1:3")}, "++-"},
		{"two peers", 0, []protocol.Address{tcp("1.1.1.1:1"), tcp("1.1.1.1:2"), tcp("1.1.1.2:1"), tcp("1.1.1.1:3")}, "+++-"},
		{"mapped", 0, []protocol.Address{tcp("1.1.1.1:1"), tcp("[::ffff:1.1.1.1]:2"), tcp("1.1.1.1:3")}, "++-"},
		{"IPv6 network", 0, []protocol.Address{tcp("[fd00::1]:1"), tcp("[fd00::2]:2"), tcp("[fd00::3]:3")}, "++-"},
		{"IPv6 networks", 0, []protocol.Address{tcp("[fd00::1]:1"), tcp("[fd00::2]:2"), tcp("[fd00:0:0:1::3]:3")}, "+++"},
		{"IPv6 addresses", 128, []protocol.Address{tcp("[fd00::1]:1"), tcp("[fd00::2]:2"), tcp("[fd00::3]:3")}, "+++"},
		{"IPv6 zones", 0, []protocol.Address{tcp("[fe80::1%lo]:1"), tcp("[fe80::1%eth0]:2"), tcp("[fe80::1]:3")}, "++-"},
		{"UNIX", 0, []protocol.Address{unix, unix, unix}, "+++"},
	}
	for _, test := range tests {
		f := NewLimitConnectionsByPeer(recorders, 2, test.bits6)
		got := ""
		var built []protocol.Protocol
		for _, peer := range test.peers {
			if p := f.BuildProtocol(peer); p != nil {
				got += "+"
				built = append(built, p)
			} else {
				got += "-"
			}
		}
		if got != test.built {
			t.Errorf("%s: %s, want %s", test.name, got, test.built)
		}
		for _, p := range built {
			p.ConnectionLost(protocol.ErrConnectionDone)
		}
		if len(f.count) != 0 {
			t.Errorf("%s: peers are left: %v", test.name, f.count)
		}
	}
	f := NewLimitConnectionsByPeer(recorders, 0, 0)
	for range DefaultPerPeer {
		if build(f, "1.1.1.1:1") == nil {
			t.Error("refused within the default")
		}
	}
	if build(f, "1.1.1.1:1") != nil {
		t.Error("not refused beyond the default")
	}
}

// Loops share the limits.
func TestLimitConcurrently(t *testing.T) {
	total := NewLimitTotalConnectionsFactory(recorders, 50, nil)
	f := NewLimitConnectionsByPeer(total, 30, 0)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var built []protocol.Protocol
	for _, peer := range []string{"1.1.1.1:1", "1.1.1.1:2", "1.1.1.2:1", "1.1.1.2:2"} {
		wg.Go(func() {
			for range 100 {
				if p := build(f, peer); p != nil {
					mu.Lock()
					built = append(built, p)
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if len(built) != 50 || total.Connections() != 50 {
		t.Errorf("%d built, %d counted", len(built), total.Connections())
	}
	for _, p := range built {
		wg.Go(func() { p.ConnectionLost(protocol.ErrConnectionDone) })
	}
	wg.Wait()
	if total.Connections() != 0 || len(f.count) != 0 {
		t.Errorf("%d are left, peers %v", total.Connections(), f.count)
	}
}
