package deferred_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func init() {
	protocol.HandleTask("deferred_test.upper", func(in []byte) ([]byte, error) {
		if len(in) == 0 {
			return nil, errTest
		}
		return []byte(strings.ToUpper(string(in))), nil
	})
}

func TestResolve(t *testing.T) {
	r := reactortest.NewReactor()
	r.Hosts["example.com"] = []string{"192.0.2.7"}
	d := deferred.Resolve(r, "example.com")
	e := deferred.Resolve(r, "nowhere")
	c := deferred.Resolve(r, "example.com")
	c.Cancel()
	check(t, d, "waiting")
	r.Settle()
	check(t, d, "value [192.0.2.7]")
	if _, err, _ := e.Result(); !errors.Is(err, protocol.ErrDNSLookup) {
		t.Errorf("error %v", err)
	}
	check(t, c, cancelledText)
}

func TestToThread(t *testing.T) {
	r := reactortest.NewReactor()
	r.HoldTasks = true
	d := deferred.ToThread(r, "deferred_test.upper", []byte("abc"))
	e := deferred.ToThread(r, "deferred_test.upper", nil)
	c := deferred.ToThread(r, "deferred_test.upper", []byte("abc"))
	r.Settle()
	check(t, d, "waiting")
	c.Cancel()
	for r.RunTask() {
	}
	r.Settle()
	check(t, deferred.Then(d, func(b []byte) (string, error) { return string(b), nil }), "value ABC")
	check(t, e, "error: test failure")
	check(t, c, cancelledText)
}

// powers is a protocol with every optional power.
type powers struct {
	reactortest.Recorder
	heard  string
	buffer [8]byte
}

func (p *powers) ReadConnectionLost()  { p.heard += "read lost;" }
func (p *powers) WriteConnectionLost() { p.heard += "write lost;" }
func (p *powers) HandshakeCompleted()  { p.heard += "handshake;" }
func (p *powers) ReadBuffer() []byte   { return p.buffer[:] }

func only(p protocol.Protocol) protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p })
}

func TestConnect(t *testing.T) {
	r := reactortest.NewReactor()
	server := &reactortest.Recorder{}
	if _, err := r.Listen("tcp:80", only(server)); err != nil {
		t.Fatal(err)
	}
	client := &powers{}
	var got protocol.Protocol
	deferred.Connect(r, "tcp:localhost:80", only(client)).Handle(func(p protocol.Protocol, err error) {
		if err != nil || client.Transport == nil {
			t.Errorf("error %v, transport %v", err, client.Transport)
		}
		got = p
	})
	r.Settle()
	if got != client {
		t.Fatalf("connected %v, want the protocol that the factory built", got)
	}
	client.Transport.Write([]byte("hello"))
	server.Transport.Write([]byte("longer than the buffer"))
	r.Settle()
	server.Transport.StartTLS(protocol.TLSOptions{Server: true})
	r.Settle()
	client.Transport.StartTLS(protocol.TLSOptions{})
	r.Settle()
	client.Transport.LoseWriteConnection()
	r.Settle()
	if server.Take() != "hello" || client.Take() != "longer than the buffer" {
		t.Errorf("server got %q, client %q", server.Take(), client.Take())
	}
	if client.heard != "handshake;write lost;read lost;" {
		t.Errorf("the client heard %q", client.heard)
	}
}

// Connect gives a protocol no power that it does not have, and takes none away.
func TestConnectKeepsPowers(t *testing.T) {
	powersOf := func(p protocol.Protocol) string {
		s := ""
		if _, ok := p.(protocol.HalfCloser); ok {
			s += "half "
		}
		if _, ok := p.(protocol.HandshakeListener); ok {
			s += "listener "
		}
		if _, ok := p.(protocol.BufferProvider); ok {
			s += "provider "
		}
		return s
	}
	type (
		base     = *protocol.Base
		half     = protocol.HalfCloser
		listener = protocol.HandshakeListener
		provider = protocol.BufferProvider
	)
	b, p := &protocol.Base{}, &powers{}
	for _, inner := range []protocol.Protocol{
		b, p,
		struct {
			base
			half
		}{b, p},
		struct {
			base
			listener
		}{b, p},
		struct {
			base
			provider
		}{b, p},
		struct {
			base
			half
			listener
		}{b, p, p},
		struct {
			base
			half
			provider
		}{b, p, p},
		struct {
			base
			listener
			provider
		}{b, p, p},
	} {
		want := powersOf(inner)
		t.Run(want, func(t *testing.T) {
			r := reactortest.NewReactor()
			if _, err := r.Listen("tcp:80", only(&reactortest.Recorder{})); err != nil {
				t.Fatal(err)
			}
			d := deferred.Connect(r, "tcp:127.0.0.1:80", only(inner))
			r.Settle()
			if _, err, ok := d.Result(); !ok || err != nil {
				t.Fatalf("not connected: %v", err)
			}
			if got := powersOf(r.Connections()[0].Protocol()); got != want {
				t.Errorf("powers %q, want %q", got, want)
			}
		})
	}
}

func TestConnectFails(t *testing.T) {
	r := reactortest.NewReactor()
	server := &reactortest.Recorder{}
	if _, err := r.Listen("tcp:80", only(server)); err != nil {
		t.Fatal(err)
	}
	r.Unreachable("far:80", protocol.ErrTimeout)
	connect := func(endpoint string, p protocol.Protocol) *deferred.Deferred[protocol.Protocol] {
		return deferred.Connect(r, endpoint, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p }))
	}
	refused := connect("tcp:localhost:81", &protocol.Base{})
	unknown := connect("tcp:nowhere:80", &protocol.Base{})
	none := connect("tcp:localhost:80", nil)
	wrong := connect("tcp", &protocol.Base{})
	silent := connect("tcp:far:80", &protocol.Base{})
	stopped := connect("tcp:far:80", &protocol.Base{})
	late := connect("tcp:localhost:80", &protocol.Base{})
	stopped.Cancel()
	late.Cancel()
	r.Settle()
	r.Advance(30 * second)
	for name, c := range map[string]struct {
		d    *deferred.Deferred[protocol.Protocol]
		want error
	}{
		"refused":    {refused, protocol.ErrConnectionRefused},
		"unknown":    {unknown, protocol.ErrDNSLookup},
		"none built": {none, deferred.ErrNoProtocol},
		"silent":     {silent, protocol.ErrTimeout},
		"stopped":    {stopped, protocol.ErrConnectingCancelled},
		"late":       {late, protocol.ErrConnectingCancelled},
	} {
		if _, err, ok := c.d.Result(); !ok || !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", name, err, c.want)
		}
		c.d.Handle(func(protocol.Protocol, error) {})
	}
	if _, err, ok := wrong.Result(); !ok || err == nil {
		t.Errorf("a string that is no endpoint: error %v", err)
	}
	if server.Transport != nil {
		t.Error("the server was connected to")
	}
}

// lifecycle is a factory that counts.
type lifecycle struct{ started, stopped int }

func (f *lifecycle) BuildProtocol(protocol.Address) protocol.Protocol { return &protocol.Base{} }
func (f *lifecycle) StartFactory() error                              { f.started++; return nil }
func (f *lifecycle) StopFactory()                                     { f.stopped++ }

func TestConnectStartsAndStopsTheFactory(t *testing.T) {
	r := reactortest.NewReactor()
	if _, err := r.Listen("tcp:80", only(&reactortest.Recorder{})); err != nil {
		t.Fatal(err)
	}
	f := &lifecycle{}
	deferred.Connect(r, "tcp:localhost:80", f)
	r.Settle()
	if f.started != 1 || f.stopped != 0 {
		t.Errorf("connected: started %d times, stopped %d", f.started, f.stopped)
	}
	r.Connections()[0].LoseConnection()
	r.Settle()
	if f.started != 1 || f.stopped != 1 {
		t.Errorf("disconnected: started %d times, stopped %d", f.started, f.stopped)
	}
}

// checking is a factory that has a say in which addresses are dialled.
type checking struct {
	protocol.Factory
	err error
}

func (f checking) CheckAddress(netip.AddrPort) error { return f.err }

// TestConnectAsksForTheAddress: a factory that is asked about addresses by a reactor is asked behind Connect too.
func TestConnectAsksForTheAddress(t *testing.T) {
	r := reactortest.NewReactor()
	if _, err := r.Listen("tcp:80", only(&reactortest.Recorder{})); err != nil {
		t.Fatal(err)
	}
	p := &reactortest.Recorder{}
	denied := deferred.Connect(r, "tcp:localhost:80", checking{only(p), errTest})
	allowed := deferred.Connect(r, "tcp:localhost:80", checking{only(p), nil})
	r.Settle()
	if _, err, _ := denied.Result(); !errors.Is(err, errTest) || !errors.Is(err, protocol.ErrDenied) {
		t.Errorf("an address that is denied: %v", err)
	}
	if got, err, _ := allowed.Result(); got != p || err != nil {
		t.Errorf("an address that is allowed: %v, %v", got, err)
	}
}
