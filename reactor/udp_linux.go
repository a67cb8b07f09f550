package reactor

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// packetSockopts are the options of a socket that is not bound yet.
func packetSockopts(four, shared bool) []sockopt {
	var options []sockopt
	if shared {
		options = append(options, sockopt{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1})
	}
	// Without the last option it would receive what is sent to groups that other sockets have joined.
	if four {
		return append(options, sockopt{unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0})
	}
	return append(options,
		sockopt{unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1}, // else one port could not be given to "udp:" and "udp6:" both
		sockopt{unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0})
}

// fdPacket is a socket that receives and sends many datagrams with one system call.
type fdPacket struct {
	watch
	four bool
	unix bool
}

var _ packetSocket = (*fdPacket)(nil)

func (fdBackend) packet(o packetOptions) (packetSocket, error) {
	if o.unix {
		return packetUNIX(o)
	}
	at := o.bind
	if !at.IsValid() {
		at = netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
		if o.peer.Addr().Is4() {
			at = netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
		}
	}
	domain, sa, err := sockaddr(protocol.TCPAddress{AddrPort: at})
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(domain, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &fdPacket{watch: watch{fd: fd}, four: domain == unix.AF_INET}
	if err := s.setUp(sa, o); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *fdPacket) setUp(at unix.Sockaddr, o packetOptions) error {
	for _, option := range packetSockopts(s.four, o.shared) {
		if err := s.set(option.level, option.name, option.value); err != nil {
			return err
		}
	}
	if err := unix.Bind(s.fd, at); err != nil {
		if o.peer.IsValid() {
			return protocol.ErrConnectBind.Because(os.NewSyscallError("bind", err))
		}
		return os.NewSyscallError("bind", err)
	}
	if !o.peer.IsValid() {
		return nil
	}
	_, to, err := sockaddr(protocol.TCPAddress{AddrPort: o.peer})
	if err != nil {
		return err
	}
	return os.NewSyscallError("connect", unix.Connect(s.fd, to))
}

func (s *fdPacket) set(level, name, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(s.fd, level, name, value))
}

func (s *fdPacket) localAddr() netip.AddrPort {
	a, _ := localAddress(s.fd).(protocol.TCPAddress)
	return a.AddrPort
}

func (s *fdPacket) eventKey() key { return s.key }

func (s *fdPacket) want(on bool) error {
	if on {
		return s.watch.want(interestRead)
	}
	return s.watch.want(0)
}

func (s *fdPacket) close() {
	s.watch.close()
	s.forget()
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	unix.Msghdr
	size uint32
}

// packetVector is what the kernel is told of the datagrams of a batch.
type packetVector struct {
	headers []mmsghdr
	pieces  []unix.Iovec
	names   []unix.RawSockaddrAny
}

// prepare makes room for a batch, once.
func (v *packetVector) prepare() {
	if v.headers != nil {
		return
	}
	v.headers = make([]mmsghdr, maxBatch)
	v.pieces = make([]unix.Iovec, maxBatch)
	v.names = make([]unix.RawSockaddrAny, maxBatch)
	for i := range v.headers {
		v.headers[i].Iov = &v.pieces[i]
		v.headers[i].SetIovlen(1)
	}
}

// receive implements [packetSocket].
func (s *fdPacket) receive(b *datagrams) error {
	v := &b.vector
	if v.headers == nil {
		v.prepare()
		for i := range v.pieces {
			v.pieces[i].Base = &b.slot(i)[0]
			v.pieces[i].SetLen(maxDatagram)
			v.headers[i].Name = (*byte)(unsafe.Pointer(&v.names[i]))
		}
	}
	for i := range v.headers {
		v.headers[i].Namelen = unix.SizeofSockaddrAny
	}
	n, err := s.call(unix.SYS_RECVMMSG, v.headers)
	if err != nil {
		return err
	}
	for i := range n {
		b.size[i] = int(v.headers[i].size)
		if s.unix {
			b.nameFrom(i)
		} else {
			b.from[i] = senderOf((*unix.RawSockaddrInet6)(unsafe.Pointer(&v.names[i])))
		}
	}
	b.n = n
	return nil
}

// send implements [packetSocket].
func (s *fdPacket) send(o *outgoing) (int, error) {
	v := &o.vector
	v.prepare()
	for i := o.at; i < o.n; i++ {
		p := o.payload(i)
		v.pieces[i].Base = unsafe.SliceData(p)
		v.pieces[i].SetLen(len(p))
		h := &v.headers[i]
		h.Name, h.Namelen = nil, 0
		if to, name := o.to[i], o.names[i]; to.IsValid() || name != "" {
			var size uint32
			var err error
			if name != "" {
				size, err = putName(&v.names[i], name)
			} else {
				size, err = putSockaddr((*unix.RawSockaddrInet6)(unsafe.Pointer(&v.names[i])), to)
			}
			if err != nil {
				if i > o.at {
					return s.call(unix.SYS_SENDMMSG, v.headers[o.at:i]) // those before it
				}
				return 0, err
			}
			h.Name, h.Namelen = (*byte)(unsafe.Pointer(&v.names[i])), size
		}
	}
	return s.call(unix.SYS_SENDMMSG, v.headers[o.at:o.n])
}

// call makes one of the two system calls, which take the same arguments, and returns how many datagrams it dealt with.
func (s *fdPacket) call(number uintptr, headers []mmsghdr) (int, error) {
	for {
		n, _, errno := syscall.Syscall6(number, uintptr(s.fd), uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)),
			unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EAGAIN, unix.ENOBUFS:
			return 0, errAgain
		case unix.EMSGSIZE:
			return 0, protocol.ErrMessageTooLong
		case unix.ENOTCONN: // a UNIX socket, after the first refusal
			return 0, unix.ECONNREFUSED
		case unix.EINTR:
		default:
			return 0, errno
		}
	}
}

func (s *fdPacket) joinGroup(group netip.Addr, on *net.Interface) error {
	return s.membership(unix.IP_ADD_MEMBERSHIP, unix.IPV6_JOIN_GROUP, group, on)
}

func (s *fdPacket) leaveGroup(group netip.Addr, on *net.Interface) error {
	return s.membership(unix.IP_DROP_MEMBERSHIP, unix.IPV6_LEAVE_GROUP, group, on)
}

func (s *fdPacket) membership(four, six int, group netip.Addr, on *net.Interface) error {
	var err error
	if s.four {
		m := &unix.IPMreqn{Multiaddr: group.As4(), Ifindex: int32(interfaceIndex(on))}
		err = unix.SetsockoptIPMreqn(s.fd, unix.IPPROTO_IP, four, m)
	} else {
		m := &unix.IPv6Mreq{Multiaddr: group.As16(), Interface: uint32(interfaceIndex(on))}
		err = unix.SetsockoptIPv6Mreq(s.fd, unix.IPPROTO_IPV6, six, m)
	}
	return os.NewSyscallError("setsockopt", err)
}

func (s *fdPacket) setMulticastTTL(hops int) error {
	if s.four {
		return s.set(unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, hops)
	}
	return s.set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, hops)
}

func (s *fdPacket) setMulticastLoopback(on bool) error {
	if s.four {
		return s.set(unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, number(on))
	}
	return s.set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, number(on))
}

func (s *fdPacket) setMulticastInterface(on *net.Interface) error {
	if s.four {
		m := &unix.IPMreqn{Ifindex: int32(interfaceIndex(on))}
		return os.NewSyscallError("setsockopt", unix.SetsockoptIPMreqn(s.fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, m))
	}
	return s.set(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, interfaceIndex(on))
}

func interfaceIndex(on *net.Interface) int {
	if on == nil {
		return 0
	}
	return on.Index
}
