package reactor

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// packetUNIX opens a UNIX socket for datagrams.
func packetUNIX(o packetOptions) (packetSocket, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	s := &fdPacket{watch: watch{fd: fd}, unix: true}
	if o.bindName != "" {
		if err := unix.Bind(fd, &unix.SockaddrUnix{Name: o.bindName}); err != nil {
			s.close()
			return nil, bindFailed(o.peerName, os.NewSyscallError("bind", err))
		}
	}
	if o.peerName != "" {
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: o.peerName}); err != nil {
			s.close()
			return nil, os.NewSyscallError("connect", err)
		}
	}
	return s, nil
}

// pathOffset is where the name begins in a socket's address.
const pathOffset = unsafe.Offsetof(unix.RawSockaddrUnix{}.Path)

// nameFrom reads from the kernel's address who sent the i-th datagram, and whether it is there in full. The name of the
// datagram that was there before is used again if it is the same: whoever sends, sends more.
func (b *datagrams) nameFrom(i int) {
	h := &b.vector.headers[i]
	if h.Flags&unix.MSG_TRUNC != 0 {
		b.size[i] = maxDatagram + 1
	}
	address := (*[unix.SizeofSockaddrAny]byte)(unsafe.Pointer(&b.vector.names[i]))
	if h.Namelen <= uint32(pathOffset) {
		b.names[i] = ""
		return
	}
	name := address[pathOffset:min(h.Namelen, unix.SizeofSockaddrUnix)]
	if name[0] == 0 {
		name[0] = '@' // abstract: every byte counts
	} else if name[len(name)-1] == 0 {
		name = name[:len(name)-1]
	}
	if b.names[i] != string(name) {
		b.names[i] = string(name)
	}
}

// putName translates a name for the kernel, and returns the address's size.
func putName(to *unix.RawSockaddrAny, name string) (uint32, error) {
	address := (*unix.RawSockaddrUnix)(unsafe.Pointer(to))
	*address = unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	path := (*[len(address.Path)]byte)(unsafe.Pointer(&address.Path))
	if len(name) >= len(path) {
		return 0, fmt.Errorf("%q is no name of a socket: %w", name, unix.ENAMETOOLONG)
	}
	size := pathOffset + uintptr(copy(path[:], name))
	if name[0] == '@' {
		path[0] = 0
		return uint32(size), nil
	}
	return uint32(size) + 1, nil // with the zero byte at its end
}
