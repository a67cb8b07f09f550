package protocol

import (
	"fmt"
	"strconv"
	"strings"
)

// PeerCredentials say who is at the other end of a UNIX connection, as of when it was made.
type PeerCredentials struct {
	PID int32  // process, 0 if the system does not tell
	UID uint32 // user
	GID uint32 // group
}

// CredentialedTransport is implemented by transports that can tell who the peer is: those of the reactor's connections,
// natively and in a guest.
type CredentialedTransport interface {
	// PeerCredentials fails with [ErrUnsupported] on connections other than UNIX ones and on systems that do not tell,
	// and with [ErrClosed] on a connection that is over.
	PeerCredentials() (PeerCredentials, error)
}

// String is "pid=1,uid=2,gid=3".
func (c PeerCredentials) String() string {
	return fmt.Sprintf("pid=%d,uid=%d,gid=%d", c.PID, c.UID, c.GID)
}

// ParsePeerCredentials reads the text of [PeerCredentials.String].
func ParsePeerCredentials(text string) (PeerCredentials, error) {
	var numbers [3]uint64
	fields := strings.Split(text, ",")
	ok := len(fields) == len(numbers)
	for i := 0; ok && i < len(numbers); i++ {
		name, bits := [...]string{"pid=", "uid=", "gid="}[i], [...]int{31, 32, 32}[i]
		number, found := strings.CutPrefix(fields[i], name)
		n, err := strconv.ParseUint(number, 10, bits)
		numbers[i], ok = n, found && err == nil
	}
	if !ok {
		return PeerCredentials{}, fmt.Errorf("peer credentials %q: not of the form pid=N,uid=N,gid=N", text)
	}
	return PeerCredentials{PID: int32(numbers[0]), UID: uint32(numbers[1]), GID: uint32(numbers[2])}, nil
}
