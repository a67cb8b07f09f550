// Package puppet is a protocol that does what a script says and tells what happens to it. It is plain protocol code: the
// same puppets act natively and, compiled with the program in folder guest, in a sandbox, and what they tell must be the
// same.
//
// A script has lines of the form
//
//	event: command arguments, command arguments
//
// What a puppet tells is a line for each event, in order, and a line "command: error" for a command that failed.
package puppet

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Script maps the events of a puppet to what it does in them.
type Script map[string][][]string

// Parse reads a script. "$to" in it stands for the endpoint to dial.
func Parse(text, to string) Script {
	s := Script{}
	for line := range strings.Lines(text) {
		event, commands, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		for command := range strings.SplitSeq(commands, ",") {
			words := strings.Fields(command)
			for i, w := range words {
				words[i] = strings.ReplaceAll(w, "$to", to)
			}
			s[event] = append(s[event], words)
		}
	}
	return s
}

// A Stage is a reactor with a script, and where puppets tell what happens.
type Stage struct {
	Reactor protocol.Reactor
	Script  Script
	Tell    func(line string)

	connector protocol.Connector
	port      protocol.Port
	timers    map[string]protocol.DelayedCall
	request   protocol.Request
	service   *client.Service
	datagrams interface{ Write(p []byte) error } // of the latest connected port
	names     protocol.UNIXDatagramTransport     // the latest socket that listens
	redials   int
	current   *Puppet // the latest; what happens to no connection is done to it
}

// Start plays the event "start".
func (s *Stage) Start() { s.play("start", nil) }

// happened tells of an event, and does what the script says for it.
func (s *Stage) happened(event, detail string, p *Puppet) {
	line := event
	if detail != "" {
		line += " " + detail
	}
	s.Tell(line)
	if s.Script[line] != nil {
		event = line
	}
	s.play(event, p)
}

func (s *Stage) play(event string, p *Puppet) {
	if p == nil {
		p = s.current
	}
	for _, words := range s.Script[event] {
		if len(words) == 0 {
			continue
		}
		if err := s.do(words, p); err != nil {
			s.Tell(words[0] + ": " + name(err))
		}
	}
}

// do carries a command out. A word that names none is a mistake in the script.
func (s *Stage) do(words []string, p *Puppet) error {
	if f := commands[words[0]]; f != nil {
		return f(s, p, append(slices.Clone(words[1:]), "", "", "", ""))
	}
	return fmt.Errorf("no command %q", words[0])
}

// Factory builds puppets, as a server or a client.
type Factory struct{ *Stage }

var _ protocol.ClientFactory = Factory{}

// BuildProtocol implements [protocol.Factory]. A script with the line "refuse:" refuses.
func (f Factory) BuildProtocol(protocol.Address) protocol.Protocol {
	if f.has("refuse") {
		return nil
	}
	p := &Puppet{stage: f.Stage}
	f.current = p
	if f.has("half") {
		return half{p}
	}
	return p
}

// has reports whether the script has a line for an event, if only an empty one.
func (s *Stage) has(event string) bool {
	_, ok := s.Script[event]
	return ok
}

// StartedConnecting implements [protocol.ClientFactory].
func (f Factory) StartedConnecting(c protocol.Connector) {
	f.connector = c
	f.happened("started", "", nil)
}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (f Factory) ClientConnectionFailed(_ protocol.Connector, reason error) {
	f.happened("failed", name(reason), nil)
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (f Factory) ClientConnectionLost(_ protocol.Connector, reason error) {
	f.happened("client lost", name(reason), nil)
}

// Puppet is a protocol on one connection. Its data are lines: each that is complete is an event, so how they were cut does
// not matter. After the command "count" they are bytes, which are counted and hashed.
type Puppet struct {
	protocol.Base
	stage *Stage
	line  []byte
	left  int // to be counted
	hash  hash.Hash
}

var _ protocol.HandshakeListener = (*Puppet)(nil)

// ConnectionMade implements [protocol.Protocol].
func (p *Puppet) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	p.stage.happened("made", "", p)
}

// DataReceived implements [protocol.Protocol].
func (p *Puppet) DataReceived(data []byte) {
	for len(data) > 0 {
		if p.hash != nil {
			data = p.count(data)
			continue
		}
		n := slices.Index(data, '\n')
		if n < 0 {
			p.line = append(p.line, data...)
			return
		}
		line := string(append(p.line, data[:n]...))
		p.line, data = p.line[:0], data[n+1:]
		p.stage.happened("line", line, p)
		if p.Transport.Disconnecting() {
			return
		}
	}
}

func (p *Puppet) count(data []byte) (rest []byte) {
	n := min(len(data), p.left)
	p.hash.Write(data[:n])
	if p.left -= n; p.left == 0 {
		sum := p.hash.Sum(nil)
		p.hash = nil
		p.stage.happened("received", hex.EncodeToString(sum), p)
	}
	return data[n:]
}

// counting begins to count n bytes.
func (p *Puppet) counting(n int) { p.left, p.hash = n, sha256.New() }

// HandshakeCompleted implements [protocol.HandshakeListener].
func (p *Puppet) HandshakeCompleted() { p.stage.happened("handshake", "", p) }

// ConnectionLost implements [protocol.Protocol].
func (p *Puppet) ConnectionLost(reason error) {
	if len(p.line) > 0 {
		p.stage.Tell("unfinished " + string(p.line))
	}
	p.stage.happened("lost", name(reason), p)
}

// half is a puppet that keeps half-closed connections: the script has a line "half:".
type half struct{ *Puppet }

// ReadConnectionLost implements [protocol.HalfCloser].
func (p half) ReadConnectionLost() { p.stage.happened("read lost", "", p.Puppet) }

// WriteConnectionLost implements [protocol.HalfCloser].
func (p half) WriteConnectionLost() { p.stage.happened("write lost", "", p.Puppet) }
