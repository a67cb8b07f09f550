// Package lines is what servers have in common that answer lines of text: who is silent for too long, and who does not read
// the answers, costs nothing.
package lines

import (
	"errors"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Server is one peer's side of a server, to be embedded. A line ends with LF: clients that send no CR before it are
// understood, and a CR is part of the line. It is its own output's producer, so that a peer that does not read answers is
// not read from; therefore it is closed with Close.
type Server struct {
	basic.LineOnlyReceiver
	patience time.Duration
	timeout  basic.Timeout
}

// Init is called before ConnectionMade. h gets the lines, of which the longest has maxLength bytes without its LF; a peer is
// closed that has been silent for patience.
func (s *Server) Init(h basic.LineHandler, maxLength int, patience time.Duration) {
	s.Handler, s.Delimiter, s.MaxLength, s.patience = h, []byte("\n"), maxLength, patience
}

// ConnectionMade implements [protocol.Protocol].
func (s *Server) ConnectionMade(t protocol.Transport) {
	s.LineOnlyReceiver.ConnectionMade(t)
	t.RegisterProducer(s, true)
	s.timeout.Set(t.Reactor(), s.patience, s.expire)
}

// expire closes the connection, and when the peer has not taken what is left to be sent in the same time again, ends it.
func (s *Server) expire() {
	if s.Transport.Disconnecting() {
		s.Transport.AbortConnection()
		return
	}
	s.Close()
	s.timeout.Set(s.Transport.Reactor(), s.patience, s.expire)
}

// LineLengthExceeded implements [basic.LineLengthHandler].
func (s *Server) LineLengthExceeded([]byte) { s.Close() }

// Heard begins the time of silence anew. A server that never calls it gives its peer that time for everything.
func (s *Server) Heard() { s.timeout.Reset() }

// Close closes the connection when what was answered is sent.
func (s *Server) Close() {
	s.Transport.UnregisterProducer()
	s.Transport.LoseConnection()
}

// ConnectionLost implements [protocol.Protocol].
func (s *Server) ConnectionLost(error) { s.timeout.Stop() }

// Patience is t, or byDefault where t is 0. It fails if t is below that.
func Patience(t, byDefault time.Duration) (time.Duration, error) {
	if t < 0 {
		return 0, errors.New("timeout is below zero")
	}
	if t == 0 {
		t = byDefault
	}
	return t, nil
}
