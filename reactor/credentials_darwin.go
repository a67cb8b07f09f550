package reactor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func peerCredentials(fd int) (protocol.PeerCredentials, error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return protocol.PeerCredentials{}, os.NewSyscallError("getsockopt", err)
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return protocol.PeerCredentials{}, os.NewSyscallError("getsockopt", err)
	}
	return protocol.PeerCredentials{PID: int32(pid), UID: c.Uid, GID: c.Groups[0]}, nil
}
