package reactor

import (
	"golang.org/x/sys/windows"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var dialReasons = []dialErrors{
	{protocol.ErrConnectionRefused, []error{windows.WSAECONNREFUSED, windows.ERROR_FILE_NOT_FOUND}},
	{protocol.ErrTimeout, []error{windows.WSAETIMEDOUT}},
	{protocol.ErrNoRoute, []error{windows.WSAENETUNREACH, windows.WSAEHOSTUNREACH, windows.WSAEHOSTDOWN,
		windows.WSAENETDOWN}},
	{protocol.ErrConnectBind, []error{windows.WSAEADDRNOTAVAIL, windows.WSAEADDRINUSE}},
}

var shortErrors = []error{windows.WSAEMFILE, windows.WSAENOBUFS, windows.ERROR_NOT_ENOUGH_MEMORY}
