package interop

import (
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// message is the event of a receiver's handler.
const message = "message"

// receiver is a receiver of ours that tells what it receives.
type receiver struct {
	*trial.Probe
	protocol protocol.Protocol // receives; the probe hears of the connection
	send     func([]byte) error
}

// BuildProtocol implements [protocol.Factory].
func (p *receiver) BuildProtocol(protocol.Address) protocol.Protocol { return p }

func (p *receiver) ConnectionMade(t protocol.Transport) {
	p.protocol.ConnectionMade(t)
	p.Probe.ConnectionMade(t)
}

func (p *receiver) DataReceived(data []byte) { p.protocol.DataReceived(data) }

func (p *receiver) LineReceived(line []byte) {
	p.Add(trial.Event{Name: message, Data: append([]byte{}, line...)})
}

func (p *receiver) StringReceived(s []byte) { p.LineReceived(s) }

// receivers make one of each kind. A limit of 0 is the default.
var receivers = map[string]func(p *receiver, limit int){
	"line": func(p *receiver, limit int) {
		r := &basic.LineReceiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendLine
	},
	"line only": func(p *receiver, limit int) {
		r := &basic.LineOnlyReceiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendLine
	},
	"netstring": func(p *receiver, limit int) {
		r := &basic.NetstringReceiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendString
	},
	"int8": func(p *receiver, limit int) {
		r := &basic.Int8Receiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendString
	},
	"int16": func(p *receiver, limit int) {
		r := &basic.Int16Receiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendString
	},
	"int32": func(p *receiver, limit int) {
		r := &basic.Int32Receiver{Handler: p, MaxLength: limit}
		p.protocol, p.send = r, r.SendString
	},
}

// longest is the length of the longest message that a receiver accepts without being told otherwise.
var longest = map[string]int{
	"line": basic.MaxLineLength, "line only": basic.MaxLineLength, "netstring": basic.MaxStringLength,
	"int8": 255, "int16": 65535, "int32": basic.MaxStringLength,
}

func joinReceiver(t *testing.T, who side, kind string, limit int) (*trial.Reactor, *receiver, *twisted) {
	t.Helper()
	r := trial.Start(t, reactor.Config{})
	ours := &receiver{Probe: trial.NewProbe(t)}
	receivers[kind](ours, limit)
	options := []string{kind}
	if limit > 0 {
		options = append(options, strconv.Itoa(limit))
	}
	p := join(t, r, trial.TCP, who, ours, "receivers.py", options...)
	ours.Expect(t, trial.Made)
	p.expect("made")
	return r, ours, p
}

func (p *twisted) sendMessages(messages ...string) {
	p.t.Helper()
	encoded := make([]string, len(messages))
	for i, m := range messages {
		encoded[i] = hex.EncodeToString([]byte(m))
	}
	p.do("send", command{"messages": encoded})
}

// TestReceivers sends messages of many lengths in both directions.
func TestReceivers(t *testing.T) {
	for kind := range receivers {
		for _, who := range []side{oursListens, twistedListens} {
			t.Run(kind+"/"+string(who), func(t *testing.T) {
				r, ours, p := joinReceiver(t, who, kind, 0)
				messages := []string{"", "a", "\n", "\x00\xff,:", strings.Repeat("x", longest[kind]), "", "last"}
				p.sendMessages(messages...)
				r.OnLoop(func(*reactor.Loop) {
					for _, m := range messages {
						if err := ours.send([]byte(m)); err != nil {
							t.Errorf("sending %.20q: %v", m, err)
						}
					}
				})
				for _, m := range messages {
					if got := ours.Expect(t, message); string(got.Data) != m {
						t.Errorf("we received %.20q of %d bytes, want %.20q of %d", got.Data, len(got.Data), m, len(m))
					}
					if got := p.expect("message").bytes(t); string(got) != m {
						t.Errorf("Twisted received %.20q of %d bytes, want %.20q of %d", got, len(got), m, len(m))
					}
				}
				p.do("lose", nil)
				ours.ExpectLost(t, protocol.ErrConnectionDone)
				p.expectLost("ConnectionDone")
			})
		}
	}
}

// TestReceiversLimit sends what the other side does not accept, in both directions. Whoever receives it closes.
func TestReceiversLimit(t *testing.T) {
	const limit = 100
	for kind := range receivers {
		for _, twistedSends := range []bool{false, true} {
			t.Run(kind+"/Twisted sends="+strconv.FormatBool(twistedSends), func(t *testing.T) {
				r, ours, p := joinReceiver(t, oursListens, kind, limit)
				fits, tooLong := strings.Repeat("x", limit), strings.Repeat("x", limit+1)
				if twistedSends {
					p.sendMessages(fits, tooLong, "not received")
					if got := ours.Expect(t, message); string(got.Data) != fits {
						t.Errorf("we received %q", got.Data)
					}
				} else {
					r.OnLoop(func(*reactor.Loop) {
						for _, m := range []string{fits, tooLong, "not received"} {
							if err := ours.send([]byte(m)); err != nil {
								t.Error(err)
							}
						}
					})
					if got := p.expect("message").bytes(t); string(got) != fits {
						t.Errorf("Twisted received %q", got)
					}
				}
				ours.Expect(t, trial.Lost)
				p.expect("lost")
			})
		}
	}
}
