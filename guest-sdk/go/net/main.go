//go:build wasip1

package net

import (
	"errors"
	"net"
	"os"

	"github.com/wasmnet/wasmnet/abi"
	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/blocking"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// service is where the service's connections arrive, and ports its datagram ports.
var (
	service = blocking.NewListener("service")
	ports   = newPacketQueue()
)

// Main makes f the whole of this guest. It is called from an init function, as a guest's main is never called; f is what
// main would be, and runs on a goroutine of its own from the start of the service on:
//
//	func init() {
//		wnet.Main(func() error { return http.Serve(wnet.Listener(), mux) })
//	}
//
// The image of which every sandbox is a copy is taken when f, and all goroutines that it started, wait for something:
// for a connection, mostly. What f opens or dials before that waits for the first event of each sandbox.
//
// When f returns, a program (wasmnet exec) ends, with status 1 if there was an error. In a server an error refuses the
// start or ends the instance, and nil closes [Listener] and leaves the connections that there are.
func Main(f func() error) {
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
		m := &mainFactory{Listener: service}
		go func() { m.returned(f()) }()
		return m, nil
	})
}

// mainFactory is the guest's side of the service.
type mainFactory struct {
	*blocking.Listener
	err      error // of an f that returned while the service started
	stopping bool
}

var (
	_ protocol.DatagramFactory = (*mainFactory)(nil)
	_ wasmnet.ReadyFactory     = (*mainFactory)(nil)
	_ wasmnet.WarmFactory      = (*mainFactory)(nil)
)

// Ready implements [wasmnet.ReadyFactory].
func (m *mainFactory) Ready() error { return m.err }

// BuildDatagramProtocol implements [protocol.DatagramFactory].
func (m *mainFactory) BuildDatagramProtocol(protocol.Address) protocol.DatagramProtocol {
	return ports.build()
}

// StopFactory implements [protocol.Stopper].
func (m *mainFactory) StopFactory() {
	m.stopping = true
	m.Listener.StopFactory()
	ports.close()
}

// returned is the end of f.
func (m *mainFactory) returned(err error) {
	if m.stopping {
		return // it was told that nothing comes any more
	}
	m.err = err
	wasmnet.CallWhenRunning(func() { m.end(err) })
}

// end ends the guest as far as it ends with f.
func (m *mainFactory) end(err error) {
	status := 0
	if err != nil {
		status = 1
		wasmnet.Log(abi.LogError, err.Error())
	}
	switch denied := errors.Is(wasmnet.Reactor().Stop(status), protocol.ErrDenied); {
	case denied && err != nil:
		os.Exit(status)
	case denied:
		m.Listener.StopFactory()
		ports.close()
	}
}

// packetQueue holds the ports of the service that were not accepted yet.
type packetQueue struct {
	arrived chan *PacketConn
	closed  chan struct{}
}

// mostPorts is how many ports may wait to be accepted; beyond it they are closed.
const mostPorts = 64

func newPacketQueue() *packetQueue {
	return &packetQueue{make(chan *PacketConn, mostPorts), make(chan struct{})}
}

func (q *packetQueue) build() protocol.DatagramProtocol {
	if len(q.arrived) == cap(q.arrived) {
		return nil
	}
	var c *PacketConn
	c = blocking.NewPacketConn(func() { q.arrived <- c })
	return c
}

func (q *packetQueue) accept() (*PacketConn, error) {
	select {
	case c := <-q.arrived:
		return c, nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}

func (q *packetQueue) close() {
	select {
	case <-q.closed:
	default:
		close(q.closed)
	}
}
