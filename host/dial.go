package host

import (
	"errors"
	"net"
	"net/netip"
	"strconv"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// maxEndpoint is the longest endpoint string a guest may pass.
const maxEndpoint = 4 * kib

// A dial is a guest's attempt to connect. It is the factory of its connection, which has its handle from the start.
type dial struct {
	conn      *conn
	inst      *instance // nil once it came to an end
	proto     protocol.Protocol
	connector protocol.Connector
	account   *conn // whose event asked for it
	text      string
	host      string
	scheme    string
}

var _ protocol.ClientFactory = (*dial)(nil)

// endpointConnector is a loop that takes parsed endpoints.
type endpointConnector interface {
	ConnectEndpoint(e *endpoint.Client, f protocol.Factory) (protocol.Connector, error)
}

// opening is an import that hands the endpoint string of a guest to open, and returns the handle that it gives.
func opening(open func(i *instance, text string) (int32, abi.Code)) importFunc {
	return func(i *instance, s []uint64) {
		if i.shard == nil {
			ret(s, abi.Denied)
			return
		}
		text, fits := i.text(s[0], s[1], maxEndpoint)
		if !fits {
			ret(s, abi.Invalid)
			return
		}
		h, c := open(i, text)
		if c != abi.OK {
			ret(s, c)
			return
		}
		ret(s, h)
	}
}

// connect begins an attempt and returns the connection's handle.
func (i *instance) connect(text string) (int32, abi.Code) {
	e, err := endpoint.ParseUntrustedClient(text)
	if err != nil {
		return 0, parseCode(err)
	}
	switch e.Network {
	case "udp":
		return i.connectUDP(e)
	case "unixgram":
		return i.connectUNIX(e)
	}
	d := &dial{inst: i, text: text, host: e.Host, scheme: e.Network}
	if e.TLS != nil {
		d.scheme = "tls"
	}
	if !i.svc.mayConnect(e, d.scheme) {
		i.svc.denied(i, "dial", text, patternOf(e, d.scheme))
		return 0, abi.Denied
	}
	if i.svc.isolation == PerConnection && i.exit == nil && i.conns == 0 {
		return 0, abi.Closed // or it could live for ever, on attempts that fail
	}
	loop, ok := i.shard.loop.(endpointConnector)
	if !ok {
		return 0, abi.Unsupported
	}
	if int64(i.dials) >= i.svc.limits.Dials {
		i.svc.breach(i, i.account, "dials")
		return 0, abi.Limit
	}
	d.conn, d.proto = i.svc.newConn(0)
	d.conn.dial, d.conn.svc, d.conn.shard = d, i.svc, i.shard
	h, ok := i.add(d.conn, true)
	if !ok {
		return 0, abi.Limit
	}
	d.conn.handle, d.conn.inst = h, i
	i.svc.trust(e)
	connector, err := loop.ConnectEndpoint(e, i.svc.wrapped(d))
	if err != nil {
		i.remove(h, true)
		return 0, codeOf(err)
	}
	d.connector, d.account = connector, i.account
	i.dials++
	i.shard.tally.Dials++
	if i.account != nil {
		i.account.bill.Dials++
	}
	return h, abi.OK
}

// parseCode tells a string that makes no sense from one that asks for the host's files.
func parseCode(err error) abi.Code {
	if errors.Is(err, endpoint.ErrNotPermitted) {
		return abi.Denied
	}
	return abi.Invalid
}

func (s *Service) mayConnect(e *endpoint.Client, scheme string) bool {
	if e.Network == "unix" {
		return mayUsePath(s.grants.Dial, "unix", e.Path)
	}
	return s.grants.mayDial(scheme, e.Host, uint16(e.Port))
}

// patternOf is the narrowest pattern that covers e, for the log.
func patternOf(e *endpoint.Client, scheme string) string {
	if e.Network == "unix" {
		return "unix:" + e.Path
	}
	return scheme + ":" + net.JoinHostPort(e.Host, strconv.Itoa(e.Port))
}

// CheckAddress is asked by the reactor about each address, right before it is dialled.
func (d *dial) CheckAddress(to netip.AddrPort) error {
	i := d.inst
	if i == nil {
		return protocol.ErrConnectingCancelled
	}
	if i.svc.grants.mayDialAddress(d.scheme, d.host, to) {
		return nil
	}
	i.svc.denied(i, "dial", d.text+" ("+to.String()+")", d.scheme+":"+to.String())
	return errors.New("no grant covers " + to.String())
}

// BuildProtocol implements [protocol.Factory].
func (d *dial) BuildProtocol(protocol.Address) protocol.Protocol {
	if d.inst == nil {
		return nil
	}
	return d.proto
}

// end says that the attempt is over. It returns the instance that still wants to know.
func (d *dial) end() *instance {
	i := d.inst
	if i == nil {
		return nil
	}
	d.inst = nil
	i.dials--
	return i
}

// StartedConnecting implements [protocol.ClientFactory].
func (d *dial) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (d *dial) ClientConnectionFailed(_ protocol.Connector, reason error) {
	i := d.end()
	if i == nil {
		return
	}
	if i.running {
		i.postpone(func() bool { return d.failed(i, reason) })
		return
	}
	d.failed(i, reason)
}

func (d *dial) failed(i *instance, reason error) (here bool) {
	if i.end != nil {
		return true
	}
	i.remove(d.conn.handle, true)
	if c := d.account; c != nil && c.inst == i {
		i.account = c
	}
	return i.call(abi.ConnectFailed, d.conn.handle, int32(protocol.ReasonOf(reason)), 0)
}

// ClientConnectionLost implements [protocol.ClientFactory]. The connection has said so.
func (d *dial) ClientConnectionLost(protocol.Connector, error) {}

// discard implements [resource].
func (d *dial) discard() {
	if d.end() != nil {
		d.connector.StopConnecting()
	}
}
