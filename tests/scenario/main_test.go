// Package scenario runs many modules in one process, as the operator of a server would: every built-in beside all others
// while peers attack it, and a server of several protocols with the clients that people have.
package scenario

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait for something that is sure to come. It is not a measurement.
const patience = 60 * time.Second

// localhost and its datagram form are server endpoints on free ports.
const (
	localhost    = "tcp:0:interface=127.0.0.1"
	localhostUDP = "udp:0:interface=127.0.0.1"
)
