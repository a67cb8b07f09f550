package reactor

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// UNIXDatagramPort is a UNIX socket for datagrams of at most 64 KiB; longer ones are refused when they are sent, and
// dropped when they arrive. It implements [protocol.UNIXDatagramTransport] and [protocol.Port], and is used on its loop
// only. Datagrams are received, gathered and sent as by a [DatagramPort], and its protocol may be a
// [protocol.BufferProvider] in the same way.
type UNIXDatagramPort struct {
	port  *DatagramPort
	proto protocol.UNIXDatagramProtocol
	host  protocol.UNIXAddress
	peer  protocol.UNIXAddress
}

var (
	_ protocol.UNIXDatagramTransport = (*UNIXDatagramPort)(nil)
	_ protocol.Port                  = (*UNIXDatagramPort)(nil)
	_ protocol.UNIXDatagramReactor   = (*Loop)(nil)
	_ datagramEvents                 = (*UNIXDatagramPort)(nil)
)

var (
	errNotUNIXDatagrams = errors.New("it is not an endpoint of UNIX datagrams")
	errNoName           = errors.New("a socket without a name cannot be sent to")
)

// ListenUNIXDatagram implements [protocol.UNIXDatagramReactor] (Twisted's listenUNIXDatagram). The port is a
// [*UNIXDatagramPort], of which the file is treated as that of a stream socket is.
func (l *Loop) ListenUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	u, err := l.ListenUNIXDatagramEndpoint(e, p)
	if err != nil {
		return nil, err
	}
	return u, nil
}

// ListenUNIXDatagramEndpoint is [Loop.ListenUNIXDatagram] for an endpoint that is parsed already.
func (l *Loop) ListenUNIXDatagramEndpoint(e *endpoint.Server, p protocol.UNIXDatagramProtocol) (*UNIXDatagramPort, error) {
	u := &UNIXDatagramPort{proto: p, host: protocol.UNIXAddress{Name: e.Address}}
	err := errNotUNIXDatagrams
	if e.Network == "unixgram" {
		err = l.openUNIX(u, e)
	}
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", e.Text, err))
	}
	return u, nil
}

// ConnectUNIXDatagram implements [protocol.UNIXDatagramReactor] (Twisted's connectUNIXDatagram). The port is a
// [*UNIXDatagramPort].
func (l *Loop) ConnectUNIXDatagram(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	e, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	u, err := l.ConnectUNIXDatagramEndpoint(e, p)
	if err != nil {
		return nil, err
	}
	return u, nil
}

// ConnectUNIXDatagramEndpoint is [Loop.ConnectUNIXDatagram] for an endpoint that is parsed already.
func (l *Loop) ConnectUNIXDatagramEndpoint(e *endpoint.Client, p protocol.UNIXDatagramProtocol) (*UNIXDatagramPort, error) {
	if e.Network != "unixgram" {
		return nil, fmt.Errorf("reactor: %s: %w", e.Text, errNotUNIXDatagrams)
	}
	u := &UNIXDatagramPort{
		proto: p, host: protocol.UNIXAddress{Name: e.BindAddress}, peer: protocol.UNIXAddress{Name: e.Path},
	}
	own := &endpoint.Server{
		Network: e.Network, Address: e.BindAddress, Mode: e.Mode, LockFile: !strings.HasPrefix(e.BindAddress, "@"),
	}
	if err := l.openUNIX(u, own); err != nil {
		return nil, fmt.Errorf("%s: %w", e.Text, dialReason(err))
	}
	return u, nil
}

// ListenUNIXDatagramFromThread is [Loop.ListenUNIXDatagram] for other goroutines. The methods of the port are the
// loop's all the same.
func (l *Loop) ListenUNIXDatagramFromThread(text string, p protocol.UNIXDatagramProtocol) (protocol.Port, error) {
	e, err := endpoint.ParseServer(text)
	if err != nil {
		return nil, err
	}
	u := &UNIXDatagramPort{proto: p, host: protocol.UNIXAddress{Name: e.Address}}
	err = errNotUNIXDatagrams
	if e.Network == "unixgram" {
		err = l.bindUNIX(u, e)
	}
	if err == nil && !l.post(func() { l.admitUNIX(u) }) {
		u.port.sock.close()
		err = protocol.ErrShutdown
	}
	if err != nil {
		return nil, protocol.ErrCannotListen.Because(fmt.Errorf("%s: %w", e.Text, err))
	}
	return u, nil
}

// admitUNIX begins with a port that another goroutine has opened.
func (l *Loop) admitUNIX(u *UNIXDatagramPort) {
	l.datagramPorts[u.port] = struct{}{}
	if l.stopping.refuses() {
		u.port.stop(protocol.ErrShutdown)
		return
	}
	u.port.start()
}

// openUNIX opens the socket of u, whose own file is described by e.
func (l *Loop) openUNIX(u *UNIXDatagramPort, e *endpoint.Server) error {
	if l.stopping.refuses() {
		return protocol.ErrShutdown
	}
	if err := l.bindUNIX(u, e); err != nil {
		return err
	}
	l.datagramPorts[u.port] = struct{}{}
	l.CallFromThread(u.port.start)
	return nil
}

// bindUNIX gives u its socket. Any goroutine may call it.
func (l *Loop) bindUNIX(u *UNIXDatagramPort, e *endpoint.Server) error {
	switch {
	case u.proto == nil:
		return errors.New("the protocol is nil")
	case strings.HasPrefix(u.host.Name+u.peer.Name, "@") && runtime.GOOS != "linux":
		return fmt.Errorf("abstract names: %w", protocol.ErrUnsupported)
	}
	sock, err := l.packetUNIX(e, u.peer.Name)
	if err != nil {
		return err
	}
	u.port = l.newDatagramPort(u.proto, u)
	u.port.sock, u.port.limit, u.port.named, u.port.linked = sock, maxDatagram, true, u.peer.Name != ""
	return nil
}

// packetUNIX opens a socket, with its file if it has one.
func (l *Loop) packetUNIX(e *endpoint.Server, peer string) (packetSocket, error) {
	var file *socketFile
	if e.Address != "" {
		var err error
		if file, err = claim(e); err != nil {
			return nil, bindFailed(peer, err)
		}
	}
	sock, err := l.reactor.backend.packet(packetOptions{unix: true, bindName: e.Address, peerName: peer})
	if err != nil {
		file.remove()
		return nil, err
	}
	if err := file.bound(); err != nil {
		sock.close()
		file.remove()
		return nil, bindFailed(peer, err)
	}
	return &filePacket{sock, file}, nil
}

// bindFailed is the error of a socket that cannot have its name.
func bindFailed(peer string, err error) error {
	if peer == "" {
		return err
	}
	return protocol.ErrConnectBind.Because(err)
}

// filePacket is a socket that has a file.
type filePacket struct {
	packetSocket
	file *socketFile // or nil
}

func (p *filePacket) close() {
	p.file.remove()
	p.packetSocket.close()
}

func (u *UNIXDatagramPort) start() { u.proto.StartProtocol(u) }

func (u *UNIXDatagramPort) received(data []byte, b *datagrams, i int) {
	u.proto.DatagramReceived(data, protocol.UNIXAddress{Name: b.names[i]})
}

func (u *UNIXDatagramPort) stopped(reason error) { u.proto.StopProtocol(reason) }

// String is the socket's name, or its peer's if it has none.
func (u *UNIXDatagramPort) String() string {
	if u.host.Name == "" {
		return u.peer.Name
	}
	return u.host.Name
}

// WriteTo implements [protocol.UNIXDatagramTransport]. An error that shows only when gathered datagrams go out is
// returned by the next call if that is for the same name, and its own datagram is dropped.
func (u *UNIXDatagramPort) WriteTo(data []byte, to protocol.UNIXAddress) error {
	switch {
	case u.port.closed:
		return protocol.ErrClosed
	case u.peer.Name != "" && to != u.peer:
		return errConnected
	case to.Name == "":
		return errNoName
	case u.peer.Name != "":
		to.Name = ""
	}
	err := u.port.write(data, netip.AddrPort{}, to.Name)
	if err != nil && isRefused(err) {
		err = protocol.ErrConnectionRefused.Because(err)
	}
	return err
}

// Write implements [protocol.UNIXDatagramTransport]; see [UNIXDatagramPort.WriteTo].
func (u *UNIXDatagramPort) Write(data []byte) error {
	switch {
	case u.port.closed:
		return protocol.ErrClosed
	case u.peer.Name == "":
		return errNotConnected
	}
	return u.port.write(data, netip.AddrPort{}, "")
}

// Host implements [protocol.UNIXDatagramTransport].
func (u *UNIXDatagramPort) Host() protocol.Address { return u.host }

// Peer implements [protocol.UNIXDatagramTransport].
func (u *UNIXDatagramPort) Peer() (peer protocol.Address, ok bool) { return u.peer, u.peer.Name != "" }

// StopListening implements [protocol.Port]. What was written before goes out.
func (u *UNIXDatagramPort) StopListening() { u.port.StopListening() }

// PauseReading stops delivery until ResumeReading. Senders find the socket full after a while.
func (u *UNIXDatagramPort) PauseReading() { u.port.PauseReading() }

// ResumeReading undoes PauseReading, and asks again for a buffer that was refused.
func (u *UNIXDatagramPort) ResumeReading() { u.port.ResumeReading() }

// Reactor implements [protocol.UNIXDatagramTransport].
func (u *UNIXDatagramPort) Reactor() protocol.Reactor { return u.port.loop }

// Loop returns the loop that owns the socket.
func (u *UNIXDatagramPort) Loop() *Loop { return u.port.loop }
