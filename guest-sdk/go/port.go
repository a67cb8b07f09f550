//go:build wasip1

package wasmnet

import (
	"fmt"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// port is what ports of datagrams have in common, whatever their addresses.
type port struct {
	handle  int32
	events  portEvents
	started bool
	closing bool
}

// portEvents are those of one kind of port, in the terms of its protocol.
type portEvents interface {
	start()
	deliver(data, from []byte)
	stop(reason error)
	refuser() (protocol.ConnectionRefuser, bool)
}

// isDatagram reports whether an endpoint string is one of datagrams.
func isDatagram(endpoint string) bool { return isUDP(endpoint) || isUNIXDatagram(endpoint) }

// openPort opens an endpoint that is of the kind wanted with f, the listen or the connect of the host.
func openPort(verb, endpoint string, wanted bool, f func(endpoint string) (handle int32, err error)) (handle int32, err error) {
	switch {
	case !hot.running:
		return 0, fmt.Errorf("%s %s: %w", verb, endpoint, protocol.ErrNotRunning)
	case !wanted:
		return 0, fmt.Errorf("%s %s: not an endpoint of such datagrams", verb, endpoint)
	}
	return f(endpoint)
}

// connectPort connects a port of datagrams.
func connectPort(endpoint string) (handle int32, err error) {
	handle = hostConnect(stringPtr(endpoint), int32(len(endpoint)))
	if handle > 0 {
		return handle, nil
	}
	err = codeError(handle)
	switch abi.Code(handle) {
	case abi.NotFound:
		err = protocol.ErrConnectionRefused
	case abi.Conflict:
		err = protocol.ErrConnectBind
	}
	return 0, fmt.Errorf("connect %s: %w", endpoint, err)
}

// add makes p the port that handle names.
func (p *port) add(handle int32, events portEvents) {
	p.handle, p.events = handle, events
	ports.put(handle, p)
}

// newServicePort is a port that the operator opened. One that the factory does not serve is closed.
func newServicePort(handle int32) {
	p := &port{handle: handle}
	host := p.Host()
	var served *port
	switch host.(type) {
	case protocol.UNIXAddress:
		if f, ok := rootFactory.(protocol.UNIXDatagramFactory); ok {
			if proto := f.BuildUNIXDatagramProtocol(host); proto != nil {
				served = &newUNIXPort(handle, proto).port
			}
		}
	default:
		if f, ok := rootFactory.(protocol.DatagramFactory); ok {
			if proto := f.BuildDatagramProtocol(host); proto != nil {
				served = &newUDPPort(handle, proto).port
			}
		}
	}
	if served == nil {
		p.add(handle, nobody{})
		p.StopListening()
		return
	}
	served.made()
}

// nobody is the protocol of a port that is closed at once.
type nobody struct{}

func (nobody) start() {}

func (nobody) deliver([]byte, []byte) {}

func (nobody) stop(error) {}

func (nobody) refuser() (protocol.ConnectionRefuser, bool) { return nil, false }

// made is the port's first event.
func (p *port) made() {
	p.started = true
	p.events.start()
}

func (p *port) received(data, from []byte) {
	if p.started && !p.closing {
		p.events.deliver(data, from)
	}
}

// refused tells the protocol that nobody receives at the peer.
func (p *port) refused() {
	if r, ok := p.events.refuser(); ok && !p.closing {
		r.ConnectionRefused()
	}
}

// lost is the port's last event.
func (p *port) lost(reason error) {
	ports.remove(p.handle)
	if p.closing || reason == protocol.ErrConnectionDone {
		reason = nil
	}
	p.closing = true
	p.events.stop(reason)
}

// send sends to an address as text, or to the connected peer.
func (p *port) send(data, to []byte) error {
	code := hostSendDatagram(p.handle, bytesPtr(data), int32(len(data)), bytesPtr(to), int32(len(to)))
	switch {
	case code >= 0:
		return nil
	case abi.Code(code) == abi.TooBig:
		return protocol.ErrMessageTooLong
	case abi.Code(code) == abi.NotFound:
		return protocol.ErrConnectionRefused
	}
	return codeError(code)
}

// Host implements [protocol.DatagramTransport], [protocol.UNIXDatagramTransport] and [protocol.Port].
func (p *port) Host() protocol.Address {
	a, _ := address(p.handle, abi.InfoHost)
	if tcp, ok := a.(protocol.TCPAddress); ok {
		return protocol.UDPAddress(tcp)
	}
	return a
}

// StopListening implements [protocol.DatagramTransport], [protocol.UNIXDatagramTransport] and [protocol.Port].
func (p *port) StopListening() {
	if !p.closing {
		p.closing = true
		hostStopListening(p.handle)
	}
}

// Reactor implements [protocol.DatagramTransport] and [protocol.UNIXDatagramTransport].
func (p *port) Reactor() protocol.Reactor { return theReactor }

func isUDP(endpoint string) bool {
	return strings.HasPrefix(endpoint, "udp:") || strings.HasPrefix(endpoint, "udp6:")
}

func isUNIXDatagram(endpoint string) bool { return strings.HasPrefix(endpoint, "unixgram:") }
