//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import "golang.org/x/sys/unix"

// packetSockopts are the options of a socket that is not bound yet.
func packetSockopts(_, shared bool) []sockopt {
	if !shared {
		return nil
	}
	return []sockopt{{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1}, {unix.SOL_SOCKET, unix.SO_REUSEPORT, 1}}
}

// packet uses package net: these systems receive and send one datagram a call, which a goroutine does as well.
func (fdBackend) packet(o packetOptions) (packetSocket, error) { return netBackend{}.packet(o) }
