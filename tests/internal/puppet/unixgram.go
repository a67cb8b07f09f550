package puppet

import (
	"maps"
	"path"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The commands on UNIX datagrams. "send" and "stoplistening" are those of UDP.
func init() {
	maps.Copy(commands, map[string]command{
		"listen-unixgram": func(s *Stage, _ *Puppet, a []string) (err error) {
			s.port, err = s.Reactor.(protocol.UNIXDatagramReactor).ListenUNIXDatagram(a[0], &unixDatagram{stage: s})
			return err
		},
		"dial-unixgram": func(s *Stage, _ *Puppet, a []string) error {
			_, err := s.Reactor.(protocol.UNIXDatagramReactor).ConnectUNIXDatagram(a[0], &unixDatagram{stage: s})
			return err
		},
		"send-to": func(s *Stage, _ *Puppet, a []string) error {
			return s.names.WriteTo([]byte(a[0]), protocol.UNIXAddress{Name: a[1]})
		},
	})
}

var _ protocol.UNIXDatagramFactory = Factory{}

// BuildUNIXDatagramProtocol implements [protocol.UNIXDatagramFactory].
func (f Factory) BuildUNIXDatagramProtocol(protocol.Address) protocol.UNIXDatagramProtocol {
	return &unixDatagram{stage: f.Stage}
}

// unixDatagram is a puppet on a UNIX socket: what it hears begins with the event "heard", and ends with the last part of
// the sender's name.
type unixDatagram struct {
	stage *Stage
	t     protocol.UNIXDatagramTransport
}

var (
	_ protocol.UNIXDatagramProtocol = (*unixDatagram)(nil)
	_ protocol.ConnectionRefuser    = (*unixDatagram)(nil)
)

// StartProtocol implements [protocol.UNIXDatagramProtocol].
func (d *unixDatagram) StartProtocol(t protocol.UNIXDatagramTransport) {
	d.t = t
	kind := "listening"
	if _, connected := t.Peer(); connected {
		kind, d.stage.datagrams = "connected", t
	} else {
		d.stage.names = t
	}
	d.stage.happened("unixgram", kind, nil)
}

// DatagramReceived implements [protocol.UNIXDatagramProtocol]. A socket without a peer answers each question that it
// hears, as far as its sender has a name.
func (d *unixDatagram) DatagramReceived(data []byte, from protocol.UNIXAddress) {
	name := "nobody"
	if from.Name != "" {
		name = path.Base(from.Name)
	}
	d.stage.happened("heard", string(data)+" from "+name, nil)
	if _, connected := d.t.Peer(); connected || strings.HasPrefix(string(data), "re-") {
		return
	}
	if err := d.t.WriteTo([]byte("re-"+string(data)), from); err != nil {
		d.stage.Tell("answer fails")
	}
}

// ConnectionRefused implements [protocol.ConnectionRefuser].
func (d *unixDatagram) ConnectionRefused() { d.stage.happened("unixgram refused", "", nil) }

// StopProtocol implements [protocol.UNIXDatagramProtocol].
func (d *unixDatagram) StopProtocol(reason error) {
	d.stage.happened("unixgram over", name(reason), nil)
}
