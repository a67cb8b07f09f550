package message

import "encoding/binary"

// Query is what a server needs of a query. ParseQuery fills one again and again without allocating.
type Query struct {
	ID      uint16
	Flags   uint16 // the second word of the message as it came
	Opcode  uint8
	Type    Type
	Class   Class
	EDNS    bool   // it has an OPT record (RFC 6891)
	Version uint8  // of EDNS
	Size    uint16 // of the largest UDP message that the asker takes; 512 without EDNS
	DO      bool   // DNSSEC OK (RFC 3225)

	raw   []byte // name, type and class as they were asked; part of the message that was parsed
	name  [maxName]byte
	named int
}

// MinSize is the length of the longest message that every resolver takes over UDP, in bytes (RFC 1035 section 4.2.1).
const MinSize = 512

// Question is name, type and class as they were asked. It is part of the message that was parsed, and empty if there
// was none that could be read.
func (q *Query) Question() []byte { return q.raw }

// Key is the asked name in lower case, in wire form. It is valid until the next ParseQuery.
func (q *Query) Key() []byte { return q.name[:q.named] }

// RecursionDesired reports the flag RD.
func (q *Query) RecursionDesired() bool { return q.Flags&flagRD != 0 }

// CheckingDisabled reports the flag CD.
func (q *Query) CheckingDisabled() bool { return q.Flags&flagCD != 0 }

// Header is the header of the response: id, opcode, RD and CD are the query's.
func (q *Query) Header() Header {
	return Header{ID: q.ID, Response: true, Opcode: q.Opcode, RecursionDesired: q.RecursionDesired(), CheckingDisabled: q.CheckingDisabled()}
}

// ParseQuery reads a query with one question. What can be answered with an error is reported as one: FormatError or
// NotImplemented. ok is false for what must not be answered at all: a response, or what is shorter than a header.
func ParseQuery(msg []byte, q *Query) (rcode RCode, ok bool) {
	if len(msg) < HeaderSize || msg[2]&(flagQR>>8) != 0 {
		return 0, false
	}
	q.ID, q.Flags = binary.BigEndian.Uint16(msg), binary.BigEndian.Uint16(msg[2:])
	q.Opcode = uint8(q.Flags >> 11 & 15)
	q.EDNS, q.Version, q.Size, q.DO, q.raw, q.named = false, 0, MinSize, false, nil, 0
	if q.Opcode != 0 {
		return NotImplemented, true
	}
	if binary.BigEndian.Uint16(msg[4:]) != 1 {
		return FormatError, true
	}
	name, off, err := AppendName(q.name[:0], msg, HeaderSize)
	if err != nil || off+4 > len(msg) || off-HeaderSize != len(name) { // nothing comes before the first name that it could point to
		return FormatError, true
	}
	q.named = len(name)
	LowerBytes(name)
	q.Type, q.Class = Type(binary.BigEndian.Uint16(msg[off:])), Class(binary.BigEndian.Uint16(msg[off+2:]))
	off += 4
	q.raw = msg[HeaderSize:off]
	records := 0
	for i := 6; i < HeaderSize; i += 2 {
		records += int(binary.BigEndian.Uint16(msg[i:]))
	}
	return q.options(msg, off, records), true
}

// options looks for the OPT record, of which there may be one, in the additional section.
func (q *Query) options(msg []byte, off, records int) RCode {
	additional := int(binary.BigEndian.Uint16(msg[10:]))
	for ; records > 0; records-- {
		body, err := skipName(msg, off)
		if err != nil || body+10 > len(msg) {
			return FormatError
		}
		if Type(binary.BigEndian.Uint16(msg[body:])) == TypeOPT {
			if q.EDNS || records > additional || msg[off] != 0 {
				return FormatError
			}
			q.EDNS = true
			q.Size = max(MinSize, binary.BigEndian.Uint16(msg[body+2:]))
			q.Version, q.DO = msg[body+5], msg[body+6]&0x80 != 0
		}
		if off = body + 10 + int(binary.BigEndian.Uint16(msg[body+8:])); off > len(msg) {
			return FormatError
		}
	}
	return NoError
}

// Keep makes q independent of the message that was parsed.
func (q *Query) Keep() { q.raw = append([]byte(nil), q.raw...) }
