package message

import (
	"encoding/binary"
	"fmt"
)

// Header is a message's header without the counts.
type Header struct {
	ID                 uint16
	Response           bool  // QR
	Opcode             uint8 // 0 to 15; 0 is QUERY
	Authoritative      bool  // AA
	Truncated          bool  // TC
	RecursionDesired   bool  // RD
	RecursionAvailable bool  // RA
	AuthenticData      bool  // AD
	CheckingDisabled   bool  // CD
	RCode              RCode // its lower four bits, 0 to 15
}

// Question is what is asked.
type Question struct {
	Name  Name
	Type  Type
	Class Class
}

// Record is a resource record.
type Record struct {
	Name  Name
	Type  Type
	Class Class
	TTL   uint32 // seconds
	Data  string // RDATA in wire form; names in it are not compressed
}

// Message is a whole message.
type Message struct {
	Header
	Questions                      []Question
	Answers, Authority, Additional []Record
}

// Error says where a message is wrong.
type Error struct {
	Offset int    // of the question or record, in bytes from the start of the message
	What   string // "header", "question", "answer", "authority" or "additional"
	Index  int    // of it in its section
	Err    error  // one of ErrShort, ErrPointer, ErrLabel, ErrName, ErrData
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s %d at byte %d: %v", e.What, e.Index, e.Offset, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Flags as they are in the second word of a message.
const (
	flagQR = 1 << 15
	flagAA = 1 << 10
	flagTC = 1 << 9
	flagRD = 1 << 8
	flagRA = 1 << 7
	flagAD = 1 << 5
	flagCD = 1 << 4
)

// flags packs all of the header but the id.
func (h *Header) flags() uint16 {
	bits := uint16(h.Opcode&15)<<11 | uint16(h.RCode&15)
	for _, f := range [...]struct {
		set bool
		bit uint16
	}{{h.Response, flagQR}, {h.Authoritative, flagAA}, {h.Truncated, flagTC}, {h.RecursionDesired, flagRD}, {h.RecursionAvailable, flagRA},
		{h.AuthenticData, flagAD}, {h.CheckingDisabled, flagCD}} {
		if f.set {
			bits |= f.bit
		}
	}
	return bits
}

func unpackHeader(msg []byte) Header {
	bits := binary.BigEndian.Uint16(msg[2:])
	return Header{
		ID:                 binary.BigEndian.Uint16(msg),
		Response:           bits&flagQR != 0,
		Opcode:             uint8(bits >> 11 & 15),
		Authoritative:      bits&flagAA != 0,
		Truncated:          bits&flagTC != 0,
		RecursionDesired:   bits&flagRD != 0,
		RecursionAvailable: bits&flagRA != 0,
		AuthenticData:      bits&flagAD != 0,
		CheckingDisabled:   bits&flagCD != 0,
		RCode:              RCode(bits & 15),
	}
}

// Decode takes a message apart. The error is an [*Error]; the message then holds what came before the place that is
// wrong. Bytes behind the last record are ignored. What is returned does not refer to msg.
func Decode(msg []byte) (*Message, error) {
	m := &Message{}
	if len(msg) < HeaderSize {
		return m, &Error{0, "header", 0, ErrShort}
	}
	m.Header = unpackHeader(msg)
	off := HeaderSize
	for i := range binary.BigEndian.Uint16(msg[4:]) {
		q, next, err := readQuestion(msg, off)
		if err != nil {
			return m, &Error{off, "question", int(i), err}
		}
		m.Questions = append(m.Questions, q)
		off = next
	}
	for s, section := range [...]struct {
		name string
		to   *[]Record
	}{{"answer", &m.Answers}, {"authority", &m.Authority}, {"additional", &m.Additional}} {
		for i := range binary.BigEndian.Uint16(msg[6+2*s:]) {
			r, next, err := readRecord(msg, off)
			if err != nil {
				return m, &Error{off, section.name, int(i), err}
			}
			*section.to = append(*section.to, r)
			off = next
		}
	}
	return m, nil
}

func readQuestion(msg []byte, off int) (Question, int, error) {
	var scratch [maxName]byte
	name, off, err := AppendName(scratch[:0], msg, off)
	if err != nil {
		return Question{}, 0, err
	}
	if off+4 > len(msg) {
		return Question{}, 0, ErrShort
	}
	return Question{
		Name: Name(name), Type: Type(binary.BigEndian.Uint16(msg[off:])), Class: Class(binary.BigEndian.Uint16(msg[off+2:])),
	}, off + 4, nil
}

func readRecord(msg []byte, off int) (Record, int, error) {
	var scratch [maxName]byte
	name, off, err := AppendName(scratch[:0], msg, off)
	if err != nil {
		return Record{}, 0, err
	}
	if off+10 > len(msg) {
		return Record{}, 0, ErrShort
	}
	r := Record{
		Name: Name(name), Type: Type(binary.BigEndian.Uint16(msg[off:])), Class: Class(binary.BigEndian.Uint16(msg[off+2:])),
		TTL: binary.BigEndian.Uint32(msg[off+4:]),
	}
	length := int(binary.BigEndian.Uint16(msg[off+8:]))
	if off += 10; off+length > len(msg) {
		return Record{}, 0, ErrShort
	}
	r.Data, err = readData(msg, off, length, r.Type)
	return r, off + length, err
}

// Encode writes the message with names compressed (RFC 1035 section 4.1.4), appended to dst.
func (m *Message) Encode(dst []byte) ([]byte, error) {
	var b Builder
	b.Reset(dst)
	b.Header(m.Header)
	for _, q := range m.Questions {
		b.Question(q)
	}
	for s, section := range [...][]Record{m.Answers, m.Authority, m.Additional} {
		b.Section(Section(s))
		for _, r := range section {
			b.Record(r)
		}
	}
	if b.Overflow() {
		return dst, ErrTooBig
	}
	return b.Finish(), nil
}

// TTLOffsets returns where the TTLs of a message's records are, those of OPT records left out. The message must be
// well-formed, as one that this package has written is.
func TTLOffsets(msg []byte) []uint16 {
	var all []uint16
	off := HeaderSize
	for range binary.BigEndian.Uint16(msg[4:]) {
		next, err := skipName(msg, off)
		if err != nil {
			return all
		}
		off = next + 4
	}
	for off < len(msg) {
		body, err := skipName(msg, off)
		if err != nil || body+10 > len(msg) {
			break
		}
		if Type(binary.BigEndian.Uint16(msg[body:])) != TypeOPT {
			all = append(all, uint16(body+4))
		}
		off = body + 10 + int(binary.BigEndian.Uint16(msg[body+8:]))
	}
	return all
}
