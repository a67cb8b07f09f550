package host

import (
	"bytes"
	"errors"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// unixDatagrams is a UNIX socket for datagrams of a guest.
type unixDatagrams struct {
	datagrams
	unix  protocol.UNIXDatagramTransport
	heard heard[string]
}

var _ protocol.UNIXDatagramProtocol = (*unixDatagrams)(nil)

func newUNIXDatagrams(text string) *unixDatagrams {
	d := &unixDatagrams{heard: heard[string]{}}
	d.network, d.text, d.datagrams.sendTo = "unixgram", text, d.sendTo
	return d
}

// connectUNIX opens a socket that is connected to a peer. A name of its own is a file, as that of a listening one is, and
// needs the same grant.
func (i *instance) connectUNIX(e *endpoint.Client) (int32, abi.Code) {
	switch {
	case !mayUsePath(i.svc.grants.Dial, "unixgram", e.Path):
		i.svc.denied(i, "dial", e.Text, "unixgram:"+e.Path)
		return 0, abi.Denied
	case e.BindAddress != "" && !mayUsePath(i.svc.grants.Listen, "unixgram", e.BindAddress):
		i.svc.denied(i, "listen", e.Text, "unixgram:"+e.BindAddress)
		return 0, abi.Denied
	}
	d := newUNIXDatagrams(e.Text)
	h, err := d.openOn(i, func(r protocol.UNIXDatagramReactor) (protocol.Port, error) { return r.ConnectUNIXDatagram(e.Text, d) })
	switch {
	case errors.Is(err, protocol.ErrConnectionRefused):
		return 0, abi.NotFound
	case errors.Is(err, protocol.ErrConnectBind):
		return 0, abi.Conflict
	}
	return h, codeOf(err)
}

func (i *instance) listenUNIX(e *endpoint.Server) (int32, abi.Code) {
	d := newUNIXDatagrams(e.Text)
	h, err := d.openOn(i, func(r protocol.UNIXDatagramReactor) (protocol.Port, error) { return r.ListenUNIXDatagram(e.Text, d) })
	return h, listenCode(err)
}

// openOn opens the socket on i's loop, if that has such sockets.
func (d *unixDatagrams) openOn(i *instance, f func(protocol.UNIXDatagramReactor) (protocol.Port, error)) (int32, error) {
	loop, ok := i.shard.loop.(protocol.UNIXDatagramReactor)
	if !ok {
		return 0, abi.Unsupported
	}
	return d.open(i, func() (protocol.Port, error) { return f(loop) })
}

// StartProtocol implements [protocol.UNIXDatagramProtocol].
func (d *unixDatagrams) StartProtocol(t protocol.UNIXDatagramTransport) {
	d.unix = t
	d.start(t)
}

// DatagramReceived implements [protocol.UNIXDatagramProtocol]. A name that means something in the sender's own working
// directory only is none: whoever answers it would send to another socket.
func (d *unixDatagrams) DatagramReceived(p []byte, from protocol.UNIXAddress) {
	i := d.taker()
	if i == nil {
		return
	}
	d.sender = d.sender[:0]
	if isSocketName(from.Name) {
		d.sender = append(d.sender, from.Name...)
	}
	if !d.fits(i, len(p)) {
		return
	}
	if !d.linked && len(d.sender) > 0 {
		d.heard.add(from.Name)
	}
	d.received(i, p)
}

// isSocketName reports whether name is an absolute path or an abstract name.
func isSocketName(name string) bool {
	return strings.HasPrefix(name, "/") || len(name) > 1 && name[0] == '@'
}

func (d *unixDatagrams) sendTo(p, text []byte) abi.Code {
	to, i := string(text), d.inst
	if !isSocketName(to) || bytes.IndexByte(text, 0) >= 0 && !bytes.Equal(text, d.sender) {
		return abi.Invalid
	}
	if _, known := d.heard[to]; !known && !mayUsePath(i.svc.grants.Dial, "unixgram", to) {
		i.svc.denied(i, "dial", "unixgram:"+to, "unixgram:"+to)
		return abi.Denied
	}
	err := d.unix.WriteTo(p, protocol.UNIXAddress{Name: to})
	if errors.Is(err, protocol.ErrConnectionRefused) {
		return abi.NotFound
	}
	return codeOf(err)
}
