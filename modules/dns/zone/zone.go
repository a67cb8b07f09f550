package zone

import (
	"errors"
	"fmt"
	"slices"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

// Zone is a zone in memory. It does not change.
type Zone struct {
	origin message.Name // in lower case
	apex   *node
	nodes  map[message.Name]*node // by name in lower case
	order  []*node                // those with records, in the order of the file
	size   int
}

// A node is one name and its records.
type node struct {
	name  message.Name // as it was written
	sets  []Set        // by type; empty where a name exists only because there are names below it
	wild  *node        // the wildcard directly below
	cut   *node        // the delegation it is at or below; nil: the zone is authoritative
	alias bool         // it has a CNAME record
}

// Set is the records of one name and type.
type Set struct {
	Type message.Type
	TTL  uint32   // seconds
	Data []string // of each record, in wire form
}

func (n *node) set(t message.Type) *Set {
	for i := range n.sets {
		if n.sets[i].Type == t {
			return &n.sets[i]
		}
	}
	return nil
}

// Origin is the name of the zone, in lower case.
func (z *Zone) Origin() message.Name { return z.origin }

// Len is the number of records.
func (z *Zone) Len() int { return z.size }

// SOA is the zone's SOA record, which the zone's negative answers bring (RFC 2308 section 3) with the smaller of its
// TTL and its minimum.
func (z *Zone) SOA() (owner message.Name, data string, ttl, negative uint32) {
	set := z.apex.set(message.TypeSOA)
	return z.apex.name, set.Data[0], set.TTL, min(set.TTL, message.SOAMinimum(set.Data[0]))
}

func (z *Zone) add(owner message.Name, t message.Type, ttl uint32, data string) error {
	wildcard := len(owner) > 2 && owner[0] == 1 && owner[1] == '*'
	switch {
	case t.Meta():
		return fmt.Errorf("type %s does not belong into a zone", t)
	case t == message.TypeDNAME:
		return errors.New("type DNAME is not served")
	case wildcard && (t == message.TypeNS || t == message.TypeSOA):
		return fmt.Errorf("type %s cannot belong to a wildcard (RFC 4592 section 4)", t)
	}
	key := owner.Lower()
	n := z.nodes[key]
	if n == nil {
		n = &node{name: owner}
		z.nodes[key] = n
		z.order = append(z.order, n)
	}
	if t == message.TypeSOA {
		if z.apex != nil {
			return errors.New("a second SOA record")
		}
		z.origin, z.apex = key, n
	}
	n.alias = n.alias || t == message.TypeCNAME
	set := n.set(t)
	if set == nil {
		n.sets = append(n.sets, Set{Type: t, TTL: ttl})
		set = &n.sets[len(n.sets)-1]
	}
	set.TTL = min(set.TTL, ttl) // RFC 2181 section 5.2: they are to be the same
	if !slices.Contains(set.Data, data) {
		set.Data = append(set.Data, data)
		z.size++
	}
	if n.alias && (len(n.sets) > 1 || len(n.sets[0].Data) > 1) {
		return fmt.Errorf("%s has a CNAME record and others, or two of them", owner)
	}
	return nil
}

// finish checks the zone as a whole and links its nodes.
func (z *Zone) finish() error {
	switch {
	case z.apex == nil:
		return errors.New("there is no SOA record")
	case z.apex.set(message.TypeNS) == nil:
		return fmt.Errorf("%s has no NS record", z.origin)
	}
	for _, n := range z.order {
		if key := n.name.Lower(); !key.Within(z.origin) {
			return fmt.Errorf("%s does not belong to zone %s", n.name, z.origin)
		}
	}
	for _, n := range z.order {
		z.link(n)
	}
	for key, n := range z.nodes {
		for at := key; at != z.origin; at = at.Parent() {
			if above := z.nodes[at]; above.set(message.TypeNS) != nil {
				n.cut = above // the uppermost one counts
			}
		}
	}
	return nil
}

// link makes the names between n and the apex exist, and tells each name of the wildcard below it.
func (z *Zone) link(n *node) {
	for key := n.name.Lower(); key != z.origin; {
		parent := key.Parent()
		above := z.nodes[parent]
		known := above != nil // then it has been linked, or will be in its turn
		if !known {
			above = &node{name: n.name[len(n.name)-len(parent):]}
			z.nodes[parent] = above
		}
		if len(key)-len(parent) == 2 && key[1] == '*' {
			above.wild = z.nodes[key]
		}
		if known {
			return
		}
		key = parent
	}
}
