//go:build wasip1

package wasmnet

import (
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// listener is a port of this instance. It implements [protocol.Port].
type listener struct {
	handle  int32
	factory protocol.Factory
	host    protocol.Address
	stopped bool
}

var _ protocol.Port = (*listener)(nil)

// Listen implements [protocol.Reactor].
func (*reactor) Listen(endpoint string, f protocol.Factory) (protocol.Port, error) {
	if !hot.running {
		return nil, fmt.Errorf("listen %s: %w", endpoint, protocol.ErrNotRunning)
	}
	if isDatagram(endpoint) {
		return nil, fmt.Errorf("listen %s: a datagram endpoint: use ListenUDP or ListenUNIXDatagram", endpoint)
	}
	if err := startFactory(f); err != nil {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", endpoint, err))
	}
	handle, err := listen(endpoint)
	if err != nil {
		stopFactory(f)
		return nil, err
	}
	l := &listener{handle: handle, factory: f}
	l.host, _ = address(handle, abi.InfoHost)
	listeners.put(handle, l)
	return l, nil
}

// listen opens an endpoint of either kind.
func listen(endpoint string) (handle int32, err error) {
	handle = hostListen(stringPtr(endpoint), int32(len(endpoint)))
	switch code := abi.Code(handle); {
	case handle > 0:
		return handle, nil
	case code == abi.Invalid:
		return 0, protocol.ErrCannotListen.Because(fmt.Errorf("%q: not a server endpoint that can be opened", endpoint))
	case code == abi.Conflict:
		return 0, protocol.ErrCannotListen.Because(fmt.Errorf("%s: address in use", endpoint))
	}
	return 0, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", endpoint, codeError(handle)))
}

// Host implements [protocol.Port].
func (l *listener) Host() protocol.Address { return l.host }

// StopListening implements [protocol.Port].
func (l *listener) StopListening() {
	if l.stopped {
		return
	}
	l.stopped = true
	hostStopListening(l.handle)
	listeners.remove(l.handle)
	theReactor.CallFromThread(func() { stopFactory(l.factory) })
}
