//go:build !windows

package reactor

import (
	"syscall"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A path that does not exist has nobody listening on it.
var dialReasons = []dialErrors{
	{protocol.ErrConnectionRefused, []error{syscall.ECONNREFUSED, syscall.ENOENT}},
	{protocol.ErrTimeout, []error{syscall.ETIMEDOUT}},
	{protocol.ErrNoRoute, []error{syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN}},
	{protocol.ErrConnectBind, []error{syscall.EADDRNOTAVAIL, syscall.EADDRINUSE}},
}

var shortErrors = []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}
