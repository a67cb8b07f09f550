package zone

import "github.com/wasmnet/wasmnet/modules/dns/message"

// Kind says what a lookup has found.
type Kind int

// The kinds of results.
const (
	Records    Kind = iota // the records asked for
	Alias                  // a CNAME record, and nothing else
	NoData                 // the name exists and has no records of the type
	NoName                 // the name does not exist
	Delegation             // the name belongs to a zone below
)

// Result is what a lookup has found.
type Result struct {
	Kind Kind
	Set  *Set         // the records, the alias, or the delegation's NS records
	Name message.Name // whose they are, as it was written; of a wildcard's records the asked name is the owner
	Wild bool         // they are a wildcard's
}

// Lookup finds what the zone has for a name in lower case that is within the zone. It does not allocate. For type ANY
// it gives one of the name's sets (RFC 8482 section 4.1).
func (z *Zone) Lookup(name []byte, t message.Type) Result {
	n, exact := z.nodes[message.Name(name)], true
	for at := name; n == nil; {
		exact = false
		at = at[1+int(at[0]):]
		n = z.nodes[message.Name(at)]
	}
	if n.cut != nil && (n.cut != n || !exact || t != message.TypeDS) {
		return Result{Kind: Delegation, Set: n.cut.set(message.TypeNS), Name: n.cut.name}
	}
	r := Result{Name: n.name}
	if !exact {
		if n.wild == nil {
			return Result{Kind: NoName}
		}
		n, r.Wild = n.wild, true
	}
	switch {
	case len(n.sets) == 0:
		return Result{Kind: NoData}
	case t == message.TypeANY:
		r.Set = &n.sets[0]
	default:
		r.Set = n.set(t)
	}
	switch {
	case r.Set != nil:
		r.Kind = Records
	case n.alias:
		r.Kind, r.Set = Alias, &n.sets[0]
	default:
		return Result{Kind: NoData}
	}
	return r
}

// Addresses finds the A and AAAA records of a name in lower case, also those that are glue: below a delegation. Either
// may be nil.
func (z *Zone) Addresses(name []byte) (owner message.Name, a, aaaa *Set) {
	if n := z.nodes[message.Name(name)]; n != nil {
		return n.name, n.set(message.TypeA), n.set(message.TypeAAAA)
	}
	return "", nil, nil
}

// Cursor goes through a zone's records as a transfer brings them (RFC 5936 section 2.2): the SOA record, all others in
// the order of the file, and the SOA record again.
type Cursor struct {
	zone              *Zone
	node, set, record int // next; node counts from 1, 0 is the SOA record in front
}

// Cursor returns one that is at the beginning.
func (z *Zone) Cursor() Cursor { return Cursor{zone: z} }

// Next returns the next record; ok is false after the last one.
func (c *Cursor) Next() (r message.Record, ok bool) {
	z := c.zone
	for c.node >= 1 && c.node <= len(z.order) {
		n := z.order[c.node-1]
		if c.set == len(n.sets) {
			c.node, c.set = c.node+1, 0
			continue
		}
		set := &n.sets[c.set]
		if c.record == len(set.Data) || set.Type == message.TypeSOA {
			c.set, c.record = c.set+1, 0
			continue
		}
		c.record++
		return message.Record{Name: n.name, Type: set.Type, Class: message.ClassIN, TTL: set.TTL, Data: set.Data[c.record-1]}, true
	}
	if c.node > len(z.order)+1 {
		return r, false
	}
	c.node++
	owner, data, ttl, _ := z.SOA()
	return message.Record{Name: owner, Type: message.TypeSOA, Class: message.ClassIN, TTL: ttl, Data: data}, true
}
