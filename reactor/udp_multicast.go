package reactor

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// JoinGroup has the port receive what is sent to a multicast group, on the interface of this name; empty: the system
// chooses.
func (p *DatagramPort) JoinGroup(group netip.Addr, name string) error {
	return p.withGroup("join", group, name, packetSocket.joinGroup)
}

// LeaveGroup undoes [DatagramPort.JoinGroup].
func (p *DatagramPort) LeaveGroup(group netip.Addr, name string) error {
	return p.withGroup("leave", group, name, packetSocket.leaveGroup)
}

func (p *DatagramPort) withGroup(verb string, group netip.Addr, name string,
	f func(packetSocket, netip.Addr, *net.Interface) error) error {
	group = group.Unmap()
	switch {
	case p.closed || p.sock == nil:
		return protocol.ErrClosed
	case !group.IsMulticast():
		return fmt.Errorf("%v is not a multicast group", group)
	case group.Is4() != p.host.Addr().Is4():
		return fmt.Errorf("cannot %s %v on %v: the address families differ", verb, group, p.host)
	}
	on, err := multicastInterface(name)
	if err == nil {
		err = f(p.sock, group, on)
	}
	if err != nil {
		return fmt.Errorf("cannot %s %v on interface %q: %w", verb, group, name, err)
	}
	return nil
}

// SetMulticastTTL sets how many routers a multicast datagram of this port may pass: 0 (this machine) to 255. The system's
// default is 1, the local network. Like the other options it holds for what is written after it.
func (p *DatagramPort) SetMulticastTTL(hops int) error {
	if hops < 0 || hops > 255 {
		return fmt.Errorf("a TTL of %d is not from 0 to 255", hops)
	}
	if p.closed || p.sock == nil {
		return protocol.ErrClosed
	}
	p.loop.flushDatagrams()
	return p.sock.setMulticastTTL(hops)
}

// SetMulticastLoopback sets whether the machine's own members of a group, this port included, receive what this port
// sends to it. It is on from the start.
func (p *DatagramPort) SetMulticastLoopback(on bool) error {
	if p.closed || p.sock == nil {
		return protocol.ErrClosed
	}
	p.loop.flushDatagrams()
	return p.sock.setMulticastLoopback(on)
}

// SetMulticastInterface sets the interface that multicast datagrams leave by; empty: the system chooses.
func (p *DatagramPort) SetMulticastInterface(name string) error {
	if p.closed || p.sock == nil {
		return protocol.ErrClosed
	}
	on, err := multicastInterface(name)
	if err != nil {
		return fmt.Errorf("interface %q: %w", name, err)
	}
	p.loop.flushDatagrams()
	return p.sock.setMulticastInterface(on)
}

// multicastInterface is the interface called name; nil for the empty name, which is the system's choice.
func multicastInterface(name string) (*net.Interface, error) {
	if name == "" {
		return nil, nil
	}
	return net.InterfaceByName(name)
}
