package dns

import (
	"encoding/binary"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

// kept is an answer of another server, as it is kept: the message as it is to be sent, but for the places that
// [answer.appendTo] writes anew. It does not change.
type kept struct {
	msg     []byte // without an OPT record
	asked   int    // length of the question, in bytes
	ttls    []uint16
	at      time.Time // when it was received
	expires time.Time // not after at: it must not be kept
}

// The parts of a message's header that an answer changes.
const (
	flagsAt  = 2
	countsAt = 4
	bitTC    = 0x02 // in the first byte of flags
	bitRD    = 0x01
	bitCD    = 0x10 // in the second one
)

// reply is what a response takes over from its query.
type reply struct {
	id       uint16
	flags    uint16
	question []byte // as it was asked, in its own case
	edns, do bool
	limit    int // bytes of response
	udpSize  int // announced in the OPT record
}

// answer is a kept answer for one asker.
type answer struct {
	*kept
	reply
	now time.Time
}

// appendTo writes the response: the asker's id, question and flags, the time that is left of each TTL, and an OPT
// record if the query had one. What is too long becomes an empty response with TC.
func (a answer) appendTo(dst []byte) []byte {
	begin := len(dst)
	dst = append(dst, a.msg...)
	msg := dst[begin:]
	binary.BigEndian.PutUint16(msg, a.id)
	msg[flagsAt] = msg[flagsAt]&^bitRD | byte(a.flags>>8)&bitRD
	msg[flagsAt+1] = msg[flagsAt+1]&^bitCD | byte(a.flags)&bitCD
	copy(msg[message.HeaderSize:], a.question)
	age := uint32(max(0, a.now.Sub(a.at)/time.Second))
	for _, at := range a.ttls {
		ttl := binary.BigEndian.Uint32(msg[at:])
		binary.BigEndian.PutUint32(msg[at:], ttl-min(ttl, age))
	}
	limit := a.limit
	if a.edns {
		limit -= message.OPTSize
	}
	if len(msg) > limit {
		dst = dst[:begin+message.HeaderSize+a.asked]
		msg[flagsAt] |= bitTC
		clear(msg[countsAt+2 : message.HeaderSize])
	}
	if a.edns {
		binary.BigEndian.PutUint16(msg[countsAt+6:], binary.BigEndian.Uint16(msg[countsAt+6:])+1)
		opt := [message.OPTSize]byte{2: byte(message.TypeOPT), 3: byte(a.udpSize >> 8), 4: byte(a.udpSize)}
		if a.do {
			opt[7] = 0x80
		}
		dst = append(dst, opt[:]...)
	}
	return dst
}

// keep makes of another server's message what is to be kept. A positive answer is the answer section; a negative one
// brings the SOA record along, which says for how long it holds (RFC 2308 section 5). With dnssec the authority section
// stays, for what it proves.
func keep(m *message.Message, question message.Question, dnssec bool, now time.Time, c *Config) *kept {
	negative := isNegative(m, question.Type)
	var b message.Builder
	b.Reset(nil)
	b.Header(message.Header{Response: true, RecursionAvailable: true, RCode: m.RCode})
	b.Question(question)
	seconds, known := uint32(c.MaxTTL/time.Second), !negative
	add := func(r message.Record) {
		if r.TTL > message.MaxTTL { // RFC 2181 section 8
			r.TTL = 0
		}
		seconds = min(seconds, r.TTL)
		if r.Name.Lower() == question.Name {
			b.AskedRecord(r.Type, r.Class, r.TTL, r.Data)
		} else {
			b.Record(r)
		}
	}
	for _, r := range m.Answers {
		add(r)
	}
	b.Section(message.Authority)
	for _, r := range m.Authority {
		if r.Type == message.TypeSOA && negative {
			r.TTL = min(r.TTL, message.SOAMinimum(r.Data), uint32(c.MaxNegativeTTL/time.Second))
			known = true
		}
		if negative || dnssec {
			add(r)
		}
	}
	if b.Overflow() {
		return failure(message.ServerFailure, question, now)
	}
	k := &kept{msg: b.Finish(), asked: len(question.Name) + 4, at: now, expires: now}
	k.ttls = message.TTLOffsets(k.msg)
	if known {
		k.expires = now.Add(time.Duration(seconds) * time.Second)
	}
	return k
}

// isNegative reports whether the answer is that there is nothing: no such name, or no record of the type at the end of
// the aliases.
func isNegative(m *message.Message, t message.Type) bool {
	if m.RCode == message.NameError {
		return true
	}
	for _, r := range m.Answers {
		if r.Type == t || t == message.TypeANY {
			return false
		}
	}
	return true
}

// failureTime is how long it is kept that nobody had an answer (RFC 9520 section 3.2).
const failureTime = 5 * time.Second

// failure is the answer that something went wrong.
func failure(rcode message.RCode, question message.Question, now time.Time) *kept {
	var b message.Builder
	b.Reset(nil)
	b.Header(message.Header{Response: true, RecursionAvailable: true, RCode: rcode})
	b.Question(question)
	return &kept{msg: b.Finish(), asked: len(question.Name) + 4, at: now, expires: now.Add(failureTime)}
}
