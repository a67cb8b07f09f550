package dns

import (
	"encoding/binary"
	"net/netip"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// forwarder asks the upstreams, each question once however many ask it at the same time, and keeps the answers.
type forwarder struct {
	reactor   protocol.Reactor
	config    *Config
	cache     *cache
	inquiries map[string]*inquiry // under way, by key
	waiting   int                 // askers of all inquiries
	key       [maxKey]byte
}

const (
	maxKey       = 260
	maxInquiries = 256  // each has a socket
	maxWaiting   = 4096 // each has a copy of its question
)

func newForwarder(r protocol.Reactor, c *Config) *forwarder {
	return &forwarder{reactor: r, config: c, cache: newCache(c.CacheSize), inquiries: map[string]*inquiry{}}
}

// appendKey appends what an answer is kept under: name, type, and the flags that change the answer.
func appendKey(dst []byte, q *message.Query) []byte {
	dst = append(dst, q.Key()...)
	dst = binary.BigEndian.AppendUint16(dst, uint16(q.Type))
	flags := byte(0)
	if q.DO {
		flags |= 1
	}
	if q.CheckingDisabled() {
		flags |= 2
	}
	return append(dst, flags)
}

// ask answers q out of the cache, appended to dst. Otherwise found is false, and the answer goes to from.via when it is
// there.
func (f *forwarder) ask(q *message.Query, from asker, limit int, dst []byte) (response []byte, found bool) {
	key := appendKey(f.key[:0], q)
	now := f.reactor.Now()
	r := reply{id: q.ID, flags: q.Flags, question: q.Question(), edns: q.EDNS, do: q.DO, limit: limit, udpSize: f.config.UDPSize}
	if k := f.cache.get(key, now); k != nil {
		return answer{k, r, now}.appendTo(dst), true
	}
	question := message.Question{Name: message.Name(q.Key()), Type: q.Type, Class: q.Class}
	inquiry := f.inquiries[string(key)]
	switch {
	case !q.RecursionDesired():
		return answer{failure(message.Refused, question, now), r, now}.appendTo(dst), true
	case f.waiting >= maxWaiting, inquiry == nil && len(f.inquiries) >= maxInquiries:
		return answer{failure(message.ServerFailure, question, now), r, now}.appendTo(dst), true
	}
	r.question = append([]byte(nil), r.question...)
	w := waiter{from.via, from.address, r}
	f.waiting++
	if inquiry != nil {
		inquiry.waiters = append(inquiry.waiters, w)
		return nil, false
	}
	inquiry = newInquiry(f, string(key), question, q.DO, q.CheckingDisabled())
	inquiry.waiters = append(inquiry.waiters, w)
	f.inquiries[inquiry.key] = inquiry
	inquiry.next()
	return nil, false
}

// waiter is somebody who waits for an inquiry.
type waiter struct {
	via     replier
	address netip.AddrPort
	reply   reply
}

// finish ends an inquiry: its answer is kept, and given to all who wait.
func (f *forwarder) finish(q *inquiry, k *kept) {
	delete(f.inquiries, q.key)
	f.cache.put(q.key, k)
	now := f.reactor.Now()
	f.waiting -= len(q.waiters)
	for _, w := range q.waiters {
		w.via.reply(answer{k, w.reply, now}, w.address)
	}
}
