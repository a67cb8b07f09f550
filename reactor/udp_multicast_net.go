package reactor

import (
	"net"
	"net/netip"
)

func (s *netPacket) joinGroup(group netip.Addr, on *net.Interface) error {
	to := &net.UDPAddr{IP: group.AsSlice()}
	if s.four != nil {
		return s.four.JoinGroup(on, to)
	}
	return s.six.JoinGroup(on, to)
}

func (s *netPacket) leaveGroup(group netip.Addr, on *net.Interface) error {
	to := &net.UDPAddr{IP: group.AsSlice()}
	if s.four != nil {
		return s.four.LeaveGroup(on, to)
	}
	return s.six.LeaveGroup(on, to)
}

func (s *netPacket) setMulticastTTL(hops int) error {
	return s.option(func() error {
		if s.four != nil {
			return s.four.SetMulticastTTL(hops)
		}
		return s.six.SetMulticastHopLimit(hops)
	})
}

func (s *netPacket) setMulticastLoopback(on bool) error {
	return s.option(func() error {
		if s.four != nil {
			return s.four.SetMulticastLoopback(on)
		}
		return s.six.SetMulticastLoopback(on)
	})
}

func (s *netPacket) setMulticastInterface(on *net.Interface) error {
	return s.option(func() error {
		if s.four != nil {
			return s.four.SetMulticastInterface(on)
		}
		return s.six.SetMulticastInterface(on)
	})
}

// option sets one for what is sent from now on: not before what still waits has gone out.
func (s *netPacket) option(set func() error) error {
	s.mu.Lock()
	waiting := len(s.out) > 0
	if waiting {
		s.out = append(s.out, netDatagram{set: set})
	}
	s.mu.Unlock()
	if waiting {
		return nil
	}
	return set()
}
