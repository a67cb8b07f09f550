package host

import (
	"errors"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A listener is a port that a guest has opened. Its connections belong to the instance.
type listener struct {
	svc    *Service
	inst   *instance // nil once it is closed
	handle int32
	port   protocol.Port
	text   string
}

var (
	_ protocol.Factory = (*listener)(nil)
	_ describer        = (*listener)(nil)
)

// endpointListener is a loop that takes parsed endpoints.
type endpointListener interface {
	ListenEndpoint(e *endpoint.Server, f protocol.Factory) (protocol.Port, error)
}

// listen opens a port and returns its handle.
func (i *instance) listen(text string) (int32, abi.Code) {
	e, err := endpoint.ParseUntrustedServer(text)
	if err != nil {
		return 0, parseCode(err)
	}
	if !i.svc.mayOpen(e) {
		i.svc.denied(i, "listen", text, "")
		return 0, abi.Denied
	}
	switch e.Network {
	case "udp", "udp6":
		return i.listenUDP(e)
	case "unixgram":
		return i.listenUNIX(e)
	}
	loop, ok := i.shard.loop.(endpointListener)
	if !ok || e.TLS != nil || e.Proxy {
		return 0, abi.Unsupported
	}
	l := &listener{svc: i.svc, inst: i, text: text}
	h, ok := i.add(l, true)
	if !ok {
		return 0, abi.Limit
	}
	l.handle = h
	if l.port, err = loop.ListenEndpoint(e, i.svc.wrapped(l)); err != nil {
		i.remove(h, true)
		return 0, listenCode(err)
	}
	return h, abi.OK
}

// listenCode is the code of an error that opening a server endpoint returns.
func listenCode(err error) abi.Code {
	if errors.Is(err, syscall.EADDRINUSE) {
		return abi.Conflict
	}
	return codeOf(err)
}

// mayOpen reports whether a server endpoint is granted. The interface has to be a literal: what a name means is not
// the guest's to choose.
func (s *Service) mayOpen(e *endpoint.Server) bool {
	switch e.Network {
	case "unix", "unixgram":
		return mayUsePath(s.grants.Listen, e.Network, e.Address)
	case "tcp", "tcp6", "udp", "udp6":
	default:
		return false
	}
	host, portText, err := net.SplitHostPort(e.Address)
	port, err2 := strconv.ParseUint(portText, 10, 16)
	if err != nil || err2 != nil {
		return false
	}
	on := netip.IPv4Unspecified()
	if host != "" {
		if on, err = netip.ParseAddr(host); err != nil {
			return false
		}
	}
	return s.grants.mayListen(e.Network[:3], netip.AddrPortFrom(on, uint16(port)))
}

func stopListening(i *instance, s []uint64) {
	switch r, _ := i.handles.Get(int32(s[0])); r := r.(type) {
	case *listener:
		r.discard()
		i.remove(r.handle, true)
	case *datagrams:
		r.close(i)
	default:
		ret(s, abi.Handle)
		return
	}
	ret(s, abi.OK)
}

// BuildProtocol implements [protocol.Factory].
func (l *listener) BuildProtocol(protocol.Address) protocol.Protocol {
	if l.inst == nil {
		return nil
	}
	c, p := l.inst.svc.newConn(0)
	c.port = l
	return p
}

// welcome gives an accepted connection its handle.
func (l *listener) welcome(c *conn) bool {
	i := l.inst
	if i == nil {
		return false
	}
	h, ok := i.add(c, true)
	if ok {
		c.inst, c.handle = i, h
	}
	return ok
}

// discard implements [resource].
func (l *listener) discard() {
	if l.inst != nil {
		l.inst = nil
		l.port.StopListening()
	}
}

// describe implements [describer].
func (l *listener) describe(key int32) (string, abi.Code) {
	switch key {
	case abi.InfoHost:
		return addressText(l.port.Host()), abi.OK
	case abi.InfoNetwork:
		return networkOf(l.port.Host()), abi.OK
	case abi.InfoService:
		return l.svc.name, abi.OK
	case abi.InfoEndpoint:
		return l.text, abi.OK
	}
	return absent(key)
}
