package dns

import (
	"net/netip"
	"slices"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/modules/dns/zone"
)

// responder makes the responses of one port or connection. It allocates nothing for answers out of a zone or the cache.
type responder struct {
	server *Server
	query  message.Query
	build  message.Builder
	buf    []byte // the last response
	target [256]byte
}

// asker is where a query came from.
type asker struct {
	via     replier
	address netip.AddrPort
	stream  bool // over TCP or TLS: up to 65535 bytes can be answered
}

// replier sends responses that were not ready when the query was received.
type replier interface {
	reply(a answer, to netip.AddrPort)
}

// maxChain bounds how many aliases are followed for one answer.
const maxChain = 16

// respond returns the response to a query, which is valid until the next call. It is nil if the query must not be
// answered, and also if it waits for another server: then the response goes to from.via.
func (p *responder) respond(msg []byte, from asker) (response []byte, waits bool) {
	rcode, ok := message.ParseQuery(msg, &p.query)
	if !ok {
		return nil, false
	}
	q, s := &p.query, p.server
	switch {
	case rcode != message.NoError:
		return p.fail(rcode), false
	case q.EDNS && q.Version != 0:
		return p.fail(message.BadVersion), false
	case q.Type == 0 || q.Type == message.TypeOPT:
		return p.fail(message.FormatError), false
	case q.Class != message.ClassIN:
		return p.fail(message.Refused), false
	}
	z := s.zoneOf(q.Key())
	switch {
	case q.Type == message.TypeAXFR || q.Type == message.TypeIXFR: // a stream has taken those that it grants
		return p.fail(message.Refused), false
	case z != nil:
		return p.authoritative(z, p.limit(from)), false
	case s.forwarder != nil && contains(s.config.ForwardFor, from.address.Addr()):
		response, found := s.forwarder.ask(q, from, p.limit(from), p.buf[:0])
		if !found {
			return nil, true
		}
		p.buf = response
		return response, false
	}
	return p.fail(message.Refused), false
}

// limit is how long the response may be.
func (p *responder) limit(from asker) int {
	if from.stream {
		return message.MaxSize
	}
	return min(int(p.query.Size), p.server.config.UDPSize)
}

// begin begins a response, with the question if there was one.
func (p *responder) begin() {
	p.build.Reset(p.buf[:0])
	p.build.Header(p.query.Header())
	if question := p.query.Question(); len(question) > 0 {
		p.build.QuestionBytes(question)
	}
}

func (p *responder) fail(rcode message.RCode) []byte {
	p.begin()
	return p.finish(rcode)
}

// finish ends a response with the OPT record, which is there if the query had one (RFC 6891 section 7).
func (p *responder) finish(rcode message.RCode) []byte {
	p.build.SetRCode(rcode)
	if p.query.EDNS {
		p.build.OPT(uint16(p.server.config.UDPSize), rcode, p.query.DO)
	}
	p.buf = p.build.Finish()
	return p.buf
}

// authoritative answers out of z, and out of the other zones as far as aliases lead there.
func (p *responder) authoritative(z *zone.Zone, limit int) []byte {
	if p.query.EDNS {
		limit -= message.OPTSize
	}
	p.begin()
	p.build.SetAuthoritative()
	start := p.build.Mark()
	var (
		name   = p.query.Key()
		owner  message.Name // empty: the question's
		seen   [maxChain]*zone.Set
		rcode  = message.NoError
		result zone.Result
	)
	for hop := 0; ; hop++ {
		if result = z.Lookup(name, p.query.Type); result.Kind != zone.Alias {
			break
		}
		if hop == maxChain || slices.Contains(seen[:hop], result.Set) {
			return p.finishAnswer(start, limit, rcode) // the aliases go round in circles, or on and on
		}
		p.add(owner, result.Set)
		seen[hop] = result.Set
		owner = message.Name(result.Set.Data[0])
		name = p.target[:copy(p.target[:], owner)]
		message.LowerBytes(name)
		if z = p.server.zoneOf(name); z == nil {
			return p.finishAnswer(start, limit, rcode) // the asker looks there itself
		}
	}
	switch result.Kind {
	case zone.Records:
		p.add(owner, result.Set)
	case zone.Delegation:
		return p.refer(z, result, owner, start, limit)
	default:
		if result.Kind == zone.NoName {
			rcode = message.NameError
		}
		p.build.Section(message.Authority)
		apex, data, _, ttl := z.SOA()
		p.build.Record(message.Record{Name: apex, Type: message.TypeSOA, Class: message.ClassIN, TTL: ttl, Data: data})
	}
	if p.build.Len() <= limit && result.Kind == zone.Records {
		p.additional(z, result.Set, limit)
	}
	return p.finishAnswer(start, limit, rcode)
}

// finishAnswer ends the response, without records and with TC if it is too long.
func (p *responder) finishAnswer(start message.Mark, limit int, rcode message.RCode) []byte {
	if p.build.Len() > limit || p.build.Overflow() {
		p.build.Rewind(start)
		p.build.SetTruncated()
	}
	return p.finish(rcode)
}

// refer sends the asker to the servers of a zone below. Their addresses are needed where they are within it (RFC 9471):
// if they do not fit, the response is truncated.
func (p *responder) refer(z *zone.Zone, cut zone.Result, owner message.Name, start message.Mark, limit int) []byte {
	if owner == "" { // with an alias before it the answer has authority for that
		header := p.query.Header()
		p.build.Header(header)
	}
	p.build.Section(message.Authority)
	p.add(cut.Name, cut.Set)
	if p.build.Len() <= limit && !p.additional(z, cut.Set, limit) {
		p.build.Rewind(start)
		p.build.SetTruncated()
	}
	return p.finishAnswer(start, limit, message.NoError)
}

// add adds a set's records. An empty owner is the question's name.
func (p *responder) add(owner message.Name, set *zone.Set) {
	for _, data := range set.Data {
		if owner == "" {
			p.build.AskedRecord(set.Type, message.ClassIN, set.TTL, data)
		} else {
			p.build.Record(message.Record{Name: owner, Type: set.Type, Class: message.ClassIN, TTL: set.TTL, Data: data})
		}
	}
}

// additional adds the addresses of the names in a set, as far as the zone has them and they fit, whole sets only. It
// returns false if one did not fit.
func (p *responder) additional(z *zone.Zone, set *zone.Set, limit int) bool {
	p.build.Section(message.Additional)
	for _, data := range set.Data {
		target, ok := message.Target(set.Type, data)
		if !ok || set.Type == message.TypeCNAME || set.Type == message.TypePTR {
			return true
		}
		name := p.target[:copy(p.target[:], target)]
		message.LowerBytes(name)
		owner, a, aaaa := z.Addresses(name)
		for _, addresses := range [...]*zone.Set{a, aaaa} {
			if addresses == nil {
				continue
			}
			mark := p.build.Mark()
			if p.add(owner, addresses); p.build.Len() > limit {
				p.build.Rewind(mark)
				return false
			}
		}
	}
	return true
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
