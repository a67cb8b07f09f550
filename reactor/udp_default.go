//go:build !linux

package reactor

// packetVector is of use on Linux only.
type packetVector struct{}
