package dns

import (
	"encoding/binary"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// datagramAttempt is a query over UDP, on a socket that hears of nobody but the upstream.
type datagramAttempt struct {
	inquiry *inquiry // nil once it is abandoned
	port    protocol.Port
}

var (
	_ protocol.DatagramProtocol  = (*datagramAttempt)(nil)
	_ protocol.ConnectionRefuser = (*datagramAttempt)(nil)
)

func newDatagramAttempt(q *inquiry) (attempt, error) {
	a := &datagramAttempt{inquiry: q}
	port, err := q.forwarder.reactor.ConnectUDP("udp:"+q.upstream(), a)
	a.port = port
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *datagramAttempt) abandon() {
	a.inquiry = nil
	a.port.StopListening()
}

// StartProtocol implements [protocol.DatagramProtocol].
func (a *datagramAttempt) StartProtocol(t protocol.DatagramTransport) {
	if a.inquiry != nil {
		_ = t.Write(a.inquiry.packet()) // what is lost is asked again
	}
}

// DatagramReceived implements [protocol.DatagramProtocol].
func (a *datagramAttempt) DatagramReceived(data []byte, _ netip.AddrPort) {
	if a.inquiry != nil {
		a.inquiry.received(data, false)
	}
}

// ConnectionRefused implements [protocol.ConnectionRefuser].
func (a *datagramAttempt) ConnectionRefused() { a.failed() }

// StopProtocol implements [protocol.DatagramProtocol].
func (a *datagramAttempt) StopProtocol(error) { a.failed() }

func (a *datagramAttempt) failed() {
	if a.inquiry != nil {
		a.inquiry.next()
	}
}

// streamAttempt is a query over TCP.
type streamAttempt struct {
	basic.Int16Receiver
	inquiry   *inquiry // nil once it is abandoned
	connector protocol.Connector
}

var _ protocol.ClientFactory = (*streamAttempt)(nil)

func newStreamAttempt(q *inquiry) (attempt, error) {
	a := &streamAttempt{inquiry: q}
	a.Handler, a.MaxLength = a, 1<<16-1
	connector, err := q.forwarder.reactor.Connect("tcp:"+q.upstream(), a)
	a.connector = connector
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (a *streamAttempt) abandon() {
	a.inquiry = nil
	if a.Transport != nil {
		a.Transport.AbortConnection()
	} else {
		a.connector.StopConnecting()
	}
}

// BuildProtocol implements [protocol.Factory].
func (a *streamAttempt) BuildProtocol(protocol.Address) protocol.Protocol { return a }

// ConnectionMade implements [protocol.Protocol].
func (a *streamAttempt) ConnectionMade(t protocol.Transport) {
	a.Int16Receiver.ConnectionMade(t)
	if a.inquiry == nil {
		t.AbortConnection()
		return
	}
	packet := a.inquiry.packet()
	_, _ = t.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(packet))), packet...))
}

// StringReceived implements [basic.StringHandler].
func (a *streamAttempt) StringReceived(msg []byte) {
	if a.inquiry != nil {
		a.inquiry.received(msg, true)
	}
}

// ConnectionLost implements [protocol.Protocol].
func (a *streamAttempt) ConnectionLost(error) { a.failed() }

// StartedConnecting implements [protocol.ClientFactory].
func (a *streamAttempt) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (a *streamAttempt) ClientConnectionFailed(protocol.Connector, error) { a.failed() }

// ClientConnectionLost implements [protocol.ClientFactory].
func (a *streamAttempt) ClientConnectionLost(protocol.Connector, error) {}

func (a *streamAttempt) failed() {
	if a.inquiry != nil {
		a.inquiry.next()
	}
}
