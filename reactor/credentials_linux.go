package reactor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func peerCredentials(fd int) (protocol.PeerCredentials, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return protocol.PeerCredentials{}, os.NewSyscallError("getsockopt", err)
	}
	return protocol.PeerCredentials{PID: c.Pid, UID: c.Uid, GID: c.Gid}, nil
}
