package reactor

import (
	"bytes"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The functions of this file translate addresses where package unix would allocate, and would ask the kernel for the
// protocol of the socket with each address that it was given (SO_PROTOCOL).

// streamPeer translates the address of a stream socket's peer.
func streamPeer(name *unix.RawSockaddrAny) protocol.Address {
	switch name.Addr.Family {
	case unix.AF_INET, unix.AF_INET6:
		a := senderOf((*unix.RawSockaddrInet6)(unsafe.Pointer(name)))
		return protocol.TCPAddress{AddrPort: netip.AddrPortFrom(a.Addr().Unmap(), a.Port())}
	case unix.AF_UNIX:
		path := (*[len(unix.RawSockaddrUnix{}.Path)]byte)(unsafe.Pointer(&(*unix.RawSockaddrUnix)(unsafe.Pointer(name)).Path))
		if path[0] == 0 {
			path[0] = '@' // an abstract name, or none
		}
		text, _, _ := bytes.Cut(path[:], []byte{0})
		return unixAddress(string(text))
	}
	return protocol.PipeAddress{}
}

// senderOf translates an address from the kernel. It allocates nothing, unless it is of one link only.
func senderOf(name *unix.RawSockaddrInet6) netip.AddrPort {
	port := (*[2]byte)(unsafe.Pointer(&name.Port))
	number := uint16(port[0])<<8 | uint16(port[1])
	if name.Family == unix.AF_INET {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), number)
	}
	ip := netip.AddrFrom16(name.Addr)
	if name.Scope_id != 0 {
		ip = ip.WithZone(strconv.FormatUint(uint64(name.Scope_id), 10))
	}
	return netip.AddrPortFrom(ip, number)
}

// putSockaddr translates an address for the kernel, and returns its size.
func putSockaddr(name *unix.RawSockaddrInet6, to netip.AddrPort) (uint32, error) {
	*name = unix.RawSockaddrInet6{}
	port := (*[2]byte)(unsafe.Pointer(&name.Port))
	port[0], port[1] = byte(to.Port()>>8), byte(to.Port())
	if to.Addr().Is4() {
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		four.Family, four.Addr = unix.AF_INET, to.Addr().As4()
		return unix.SizeofSockaddrInet4, nil
	}
	zone, err := zoneID(to.Addr().Zone())
	if err != nil {
		return 0, err
	}
	name.Family, name.Addr, name.Scope_id = unix.AF_INET6, to.Addr().As16(), zone
	return unix.SizeofSockaddrInet6, nil
}
