package blocking

import (
	"bytes"
	"net"
	"net/netip"

	"github.com/wasmnet/wasmnet/guest-sdk/go/internal/events"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// memory is one end of a connection that does not leave the process. Its events are posted to a reactor, so they come as
// those of a real one do: one after the other, and never inside of a call. It is for guests, where one goroutine runs at
// a time.
type memory struct {
	reactor  protocol.Reactor
	address  netip.AddrPort
	protocol protocol.Protocol
	peer     *memory
	ending   bool // nothing more is sent from here
	lost     bool // the protocol was told
}

var _ protocol.Transport = (*memory)(nil)

// Connect makes a connection to the listener that is as one from outside to whoever accepts it, and returns the other end.
// What is written to it waits without bounds. A closed listener refuses with net.ErrClosed.
func (l *Listener) Connect(r protocol.Reactor) (*Conn, error) {
	client := newConn()
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	there := &memory{reactor: r, address: netip.AddrPortFrom(loopback, 1)}
	here := &memory{reactor: r, address: netip.AddrPortFrom(loopback, 2), protocol: client, peer: there}
	there.peer = here
	a, ok := l.BuildProtocol(here.Host()).(*accepted)
	if !ok {
		return nil, l.failed(net.ErrClosed)
	}
	there.protocol = a
	client.ConnectionMade(here)
	a.ConnectionMade(there)
	return client, nil
}

// Write implements [protocol.Transport].
func (m *memory) Write(p []byte) (int, error) {
	if m.ending {
		return 0, protocol.ErrClosed
	}
	data := bytes.Clone(p)
	m.reactor.CallFromThread(func() {
		if !m.peer.lost {
			m.peer.protocol.DataReceived(data)
		}
	})
	return len(p), nil
}

// LoseConnection implements [protocol.Transport].
func (m *memory) LoseConnection() {
	m.LoseWriteConnection()
	m.reactor.CallFromThread(func() { m.lose(protocol.ErrConnectionDone) })
}

// AbortConnection implements [protocol.Transport].
func (m *memory) AbortConnection() {
	m.ending = true
	m.reactor.CallFromThread(func() {
		m.peer.lose(protocol.ErrConnectionLost)
		m.lose(protocol.ErrConnectionAborted)
	})
}

// LoseWriteConnection implements [protocol.Transport].
func (m *memory) LoseWriteConnection() {
	if m.ending {
		return
	}
	m.ending = true
	m.reactor.CallFromThread(func() {
		if !m.peer.lost {
			events.ReadLost(m.peer.protocol)
		}
	})
}

// lose tells the protocol, once.
func (m *memory) lose(reason error) {
	if !m.lost {
		m.lost, m.ending = true, true
		events.Lost(m.protocol, reason)
	}
}

// RegisterProducer implements [protocol.Transport]. Nothing is ever queued, so a producer has nothing to hear.
func (m *memory) RegisterProducer(protocol.Producer, bool) error { return nil }

// UnregisterProducer implements [protocol.Transport].
func (m *memory) UnregisterProducer() {}

// PauseReading implements [protocol.Transport]. Bytes under way come all the same.
func (m *memory) PauseReading() {}

// ResumeReading implements [protocol.Transport].
func (m *memory) ResumeReading() {}

// Buffered implements [protocol.Transport].
func (m *memory) Buffered() int { return 0 }

// Disconnecting implements [protocol.Transport].
func (m *memory) Disconnecting() bool { return m.ending }

// Peer implements [protocol.Transport].
func (m *memory) Peer() protocol.Address { return m.peer.Host() }

// Host implements [protocol.Transport].
func (m *memory) Host() protocol.Address { return protocol.TCPAddress{AddrPort: m.address} }

// SetNoDelay implements [protocol.Transport].
func (m *memory) SetNoDelay(bool) {}

// SetKeepAlive implements [protocol.Transport].
func (m *memory) SetKeepAlive(bool) {}

// StartTLS implements [protocol.Transport].
func (m *memory) StartTLS(protocol.TLSOptions) error { return protocol.ErrUnsupported }

// TLS implements [protocol.Transport].
func (m *memory) TLS() (protocol.TLSInfo, bool) { return protocol.TLSInfo{}, false }

// Reactor implements [protocol.Transport].
func (m *memory) Reactor() protocol.Reactor { return m.reactor }
