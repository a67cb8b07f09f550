package work

import (
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Lines is a server that answers each line with itself.
func Lines() protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
		l := &lines{}
		l.Handler = l
		return l
	})
}

type lines struct {
	basic.LineReceiver
	transport protocol.Transport
	answer    []byte
}

// ConnectionMade implements [protocol.Protocol].
func (l *lines) ConnectionMade(t protocol.Transport) {
	l.transport = t
	l.LineReceiver.ConnectionMade(t)
}

// LineReceived implements [basic.LineHandler].
func (l *lines) LineReceived(line []byte) {
	l.answer = append(append(l.answer[:0], line...), '\r', '\n')
	_, _ = l.transport.Write(l.answer)
}
