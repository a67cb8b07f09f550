package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

const (
	transferSize = 24 << 20 // more than the kernel holds for a connection
	transferUnit = 48 << 10
)

// Events of a transfer, besides those of its probe.
const (
	sent     = "sent"
	received = "received"
)

// transfer is a probe that sends and receives transferSize bytes. On the tape there are its first pause, and the end of
// each direction with the hash of the bytes.
type transfer struct {
	*trial.Probe
	t         *testing.T
	streaming bool // a push producer
	slow      bool // reads nothing until told to

	random       *rand.ChaCha8
	out, in      hash.Hash
	sent         int
	received     int
	producing    bool
	told         bool
	mostBuffered int
}

func newTransfer(t *testing.T, streaming, slow bool) *transfer {
	return &transfer{
		Probe:     trial.NewProbe(t),
		t:         t,
		streaming: streaming,
		slow:      slow,
		random:    rand.NewChaCha8([32]byte{1}),
		out:       sha256.New(),
		in:        sha256.New(),
	}
}

// BuildProtocol implements [protocol.Factory].
func (p *transfer) BuildProtocol(protocol.Address) protocol.Protocol { return p }

// ConnectionMade implements [protocol.Protocol].
func (p *transfer) ConnectionMade(t protocol.Transport) {
	p.Probe.ConnectionMade(t)
	if p.slow {
		t.PauseReading()
	}
	if err := t.RegisterProducer(p, p.streaming); err != nil {
		p.t.Error(err)
	}
	if p.streaming {
		p.ResumeProducing()
	}
}

// PauseProducing implements [protocol.Producer].
func (p *transfer) PauseProducing() {
	p.producing = false
	if !p.told {
		p.told = true
		p.Add(trial.Event{Name: trial.Pause})
	}
}

// ResumeProducing implements [protocol.Producer].
func (p *transfer) ResumeProducing() {
	if p.streaming {
		p.producing = true
		p.produce()
		return
	}
	p.write()
}

// StopProducing implements [protocol.Producer].
func (p *transfer) StopProducing() { p.producing = false }

// produce writes once a turn of the loop for as long as the transport lets it.
func (p *transfer) produce() {
	if !p.producing {
		return
	}
	p.write()
	if p.sent < transferSize {
		p.Transport.Reactor().CallLater(0, p.produce)
	} else {
		p.producing = false
	}
}

func (p *transfer) write() {
	piece := make([]byte, min(transferUnit, transferSize-p.sent))
	_, _ = p.random.Read(piece) // never fails
	p.out.Write(piece)
	p.sent += len(piece)
	p.Send(string(piece))
	p.mostBuffered = max(p.mostBuffered, p.Transport.Buffered())
	if p.sent == transferSize {
		p.Transport.UnregisterProducer()
		p.Add(trial.Event{Name: sent, Data: p.out.Sum(nil)})
	}
}

// DataReceived implements [protocol.Protocol].
func (p *transfer) DataReceived(data []byte) {
	if p.slow {
		p.t.Errorf("%d bytes received while reading was paused", len(data))
	}
	p.in.Write(data)
	p.received += len(data)
	if p.received >= transferSize {
		p.Add(trial.Event{Name: received, Data: p.in.Sum(nil)})
	}
}

// read ends the slowness.
func (p *transfer) read() {
	p.slow = false
	p.Transport.ResumeReading()
}

// collect takes the ends of both directions from both sides, and compares them.
func (p *transfer) collect(t *testing.T, peer *twisted) {
	t.Helper()
	ours := map[string]string{}
	for len(ours) < 2 {
		switch e := p.Next(t); e.Name {
		case sent, received:
			ours[e.Name] = hex.EncodeToString(e.Data)
		case trial.Pause:
		default:
			t.Fatalf("event %v in the middle of a transfer", e)
		}
	}
	theirs := map[string]event{}
	for len(theirs) < 2 {
		switch e := peer.next(); e.Event {
		case "sent", "received":
			theirs[e.Event] = e
		case "paused":
		default:
			t.Fatalf("Twisted: event %+v in the middle of a transfer", e)
		}
	}
	if got := theirs["received"]; got.Bytes != transferSize || got.SHA256 != ours[sent] {
		t.Errorf("Twisted received %d bytes with the hash %s, we sent %d with %s", got.Bytes, got.SHA256, transferSize, ours[sent])
	}
	if got := theirs["sent"]; got.Bytes != int64(p.received) || got.SHA256 != ours[received] {
		t.Errorf("Twisted sent %d bytes with the hash %s, we received %d with %s", got.Bytes, got.SHA256, p.received, ours[received])
	}
}

// TestTransfer moves tens of megabytes in both directions at once. Slow ends do not read until the other end's producer
// was paused.
func TestTransfer(t *testing.T) {
	for _, n := range []trial.Network{trial.TCP, trial.UNIX, trial.TLS} {
		for _, who := range []side{oursListens, twistedListens} {
			for _, c := range []struct{ streaming, weAreSlow, twistedIsSlow bool }{
				{true, false, true},
				{true, true, false},
				{false, true, true},
			} {
				name := fmt.Sprintf("%s/%s/push=%v, we are slow=%v, Twisted is slow=%v",
					n.Name, who, c.streaming, c.weAreSlow, c.twistedIsSlow)
				t.Run(name, func(t *testing.T) {
					trial.OnBackends(t, func(t *testing.T, backend string) {
						r := trial.Start(t, reactor.Config{Backend: backend})
						ours := newTransfer(t, c.streaming, c.weAreSlow)
						options := []string{strconv.Itoa(transferSize)}
						if c.twistedIsSlow {
							options = append(options, "slow")
						}
						p := join(t, r, n, who, ours, "transfer.py", options...)
						p.expect("made")
						ours.Expect(t, trial.Made)
						if c.weAreSlow {
							if e := p.expect("paused"); e.Bytes >= transferSize {
								t.Errorf("Twisted was paused after %d bytes", e.Bytes)
							}
							r.OnLoop(func(*reactor.Loop) { ours.read() })
						}
						if c.twistedIsSlow {
							if c.streaming {
								ours.Expect(t, trial.Pause)
							}
							r.OnLoop(func(*reactor.Loop) {
								if ours.sent >= transferSize {
									t.Errorf("%d bytes were written, although nobody reads", ours.sent)
								}
							})
							p.do("read", nil)
						}
						ours.collect(t, p)
						r.OnLoop(func(*reactor.Loop) {
							if limit := 64<<10 + transferUnit; ours.mostBuffered > limit {
								t.Errorf("%d bytes were queued, want no more than %d", ours.mostBuffered, limit)
							}
							ours.Transport.LoseConnection()
						})
						ours.ExpectLost(t, protocol.ErrConnectionDone)
						p.expectLost("ConnectionDone")
					})
				})
			}
		}
	}
}
