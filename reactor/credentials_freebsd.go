package reactor

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func peerCredentials(fd int) (protocol.PeerCredentials, error) {
	const local = 0 // SOL_LOCAL
	c, err := unix.GetsockoptXucred(fd, local, unix.LOCAL_PEERCRED)
	if err != nil {
		return protocol.PeerCredentials{}, os.NewSyscallError("getsockopt", err)
	}
	return protocol.PeerCredentials{UID: c.Uid, GID: c.Groups[0]}, nil
}
