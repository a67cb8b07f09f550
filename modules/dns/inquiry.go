package dns

import (
	"crypto/rand"
	"encoding/binary"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// inquiry is one question put to the upstreams: each of them in turn, with the first timeout, then each with the
// second, and so on. Every attempt has a socket and an id of its own, both of which the system chooses at random (RFC
// 5452 section 9).
type inquiry struct {
	forwarder *forwarder
	key       string
	question  message.Question // name in lower case
	do, cd    bool
	waiters   []waiter
	attempts  int     // made so far
	plain     bool    // the upstream at hand does not know EDNS
	current   attempt // nil between two
	timer     protocol.DelayedCall
	id        uint16
}

// attempt is a question on its way over one transport.
type attempt interface {
	// abandon lets go of it: nothing comes of it any more.
	abandon()
}

// tcpTimeout is how long an answer over TCP is waited for, connecting included.
const tcpTimeout = 10 * time.Second

func newInquiry(f *forwarder, key string, question message.Question, do, cd bool) *inquiry {
	return &inquiry{forwarder: f, key: key, question: question, do: do, cd: cd}
}

// next asks the next upstream, or gives up.
func (q *inquiry) next() {
	q.stop()
	c := q.forwarder.config
	round := q.attempts / len(c.Upstreams)
	if round >= len(c.Timeouts) {
		q.forwarder.finish(q, failure(message.ServerFailure, q.question, q.forwarder.reactor.Now()))
		return
	}
	q.attempts++
	q.plain = false
	q.ask(newDatagramAttempt, c.Timeouts[round])
}

// upstream is the server of the attempt under way, as part of an endpoint string.
func (q *inquiry) upstream() string {
	c := q.forwarder.config
	to := c.Upstreams[(q.attempts-1)%len(c.Upstreams)]
	return strings.ReplaceAll(to.Addr().String(), ":", `\:`) + ":" + to.String()[strings.LastIndexByte(to.String(), ':')+1:]
}

// ask makes an attempt at the upstream at hand. One that cannot even begin fails in the next turn, so that this cannot
// recurse.
func (q *inquiry) ask(begin func(*inquiry) (attempt, error), timeout time.Duration) {
	q.stop()
	a, err := begin(q)
	if err != nil {
		timeout = 0
	}
	q.current = a
	q.timer = q.forwarder.reactor.CallLater(timeout, q.next)
}

// stop ends the attempt under way.
func (q *inquiry) stop() {
	if q.current != nil {
		q.current.abandon()
		q.current = nil
	}
	if q.timer != nil && q.timer.Active() {
		_ = q.timer.Cancel()
	}
	q.timer = nil
}

// packet is the query to send, with a fresh id.
func (q *inquiry) packet() []byte {
	var random [2]byte
	_, _ = rand.Read(random[:]) // it never fails
	q.id = binary.BigEndian.Uint16(random[:])
	var b message.Builder
	b.Reset(nil)
	b.Header(message.Header{ID: q.id, RecursionDesired: true, CheckingDisabled: q.cd})
	b.Question(q.question)
	if !q.plain {
		b.OPT(uint16(q.forwarder.config.UDPSize), 0, q.do)
	}
	return b.Finish()
}

// received takes what came from the upstream at hand. Whatever is not the answer to this very query is ignored: it may
// be somebody else's guess, and the right one may still come.
func (q *inquiry) received(msg []byte, stream bool) {
	m, err := message.Decode(msg)
	if !m.Response || m.ID != q.id || m.Opcode != 0 || len(m.Questions) > 1 {
		return
	}
	if len(m.Questions) == 1 {
		asked := m.Questions[0]
		if asked.Name.Lower() != q.question.Name || asked.Type != q.question.Type || asked.Class != q.question.Class {
			return
		}
	}
	f := q.forwarder
	switch {
	case (m.RCode == message.FormatError || m.RCode == message.NotImplemented) && !q.plain: // RFC 6891 section 6.2.2
		q.plain = true
		q.ask(newDatagramAttempt, f.config.Timeouts[(q.attempts-1)/len(f.config.Upstreams)])
	case m.RCode != message.NoError && m.RCode != message.NameError:
		q.next()
	case len(m.Questions) == 0: // only errors come without
	case m.Truncated && !stream:
		q.ask(newStreamAttempt, tcpTimeout)
	case err != nil:
	default:
		q.stop()
		f.finish(q, keep(m, q.question, q.do, f.reactor.Now(), f.config))
	}
}
