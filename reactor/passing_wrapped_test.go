//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// greeter sends a file's descriptor and a byte when its connection is made, and reads what it is sent.
type greeter struct {
	protocol.Base
	t    *testing.T
	own  *os.File
	read chan string // what the file that was received holds
}

func (p *greeter) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	if err := policy.Unwrap(t).(*reactor.Conn).SendFileDescriptor(p.own); err != nil {
		p.t.Error(err)
	}
	if _, err := io.WriteString(t, "x"); err != nil {
		p.t.Error(err)
	}
}

func (p *greeter) FileDescriptorReceived(f *os.File) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
	if err != nil {
		p.t.Error(err)
	}
	f.Close()
	p.read <- string(text)
}

// TestPassDescriptorsBehindWrappers: neither policies nor deferred.Connect keep descriptors from the protocol.
func TestPassDescriptorsBehindWrappers(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	server := &greeter{t: t, own: fileOf(t, "the server's"), read: make(chan string, 1)}
	client := &greeter{t: t, own: fileOf(t, "the client's"), read: make(chan string, 1)}
	of := func(p protocol.Protocol) protocol.Factory {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p })
	}
	f := of(server)
	f = policy.NewTimeoutFactory(f, policy.Timeouts{Idle: time.Hour})
	f = policy.NewThrottlingFactory(f, policy.Throttle{Read: policy.PerConnection(1e9, 0, nil)})
	f = policy.NewLimitTotalConnectionsFactory(f, 1, nil)
	text := "unix:" + endpoint.Quote(filepath.Join(t.TempDir(), "s"))
	if _, err := r.Listen(text, f); err != nil {
		t.Fatal(err)
	}
	r.onLoop(r.Loops()[0], func() { deferred.Connect(r.Loops()[0], text, of(client)) })
	if got := wait(t, server.read, "a descriptor for the server"); got != "the client's" {
		t.Errorf("the server was given %q", got)
	}
	if got := wait(t, client.read, "a descriptor for the client"); got != "the server's" {
		t.Errorf("the client was given %q", got)
	}
}
