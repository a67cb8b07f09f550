package message

import "encoding/binary"

// Section is one of the three sections of records.
type Section int

// The sections, in their order in a message.
const (
	Answer Section = iota
	Authority
	Additional
)

// Builder writes one message after another, without allocating once its buffer is large enough. The zero value needs a
// Reset.
//
// The offsets of names that were written are kept, and a name whose end has been written before ends in a pointer to
// it. The bytes must be equal, so that a name is read as it was written, in its own case.
type Builder struct {
	buf      []byte
	start    int // of the message in buf
	section  Section
	counts   [4]uint16
	overflow bool
	known    int
	suffixes [maxSuffixes]suffix
}

// maxSuffixes bounds how many places of names are remembered; what is written behind them is compressed by them alone.
const maxSuffixes = 128

// A suffix is the end of a name that can be pointed to.
type suffix struct {
	offset uint16
	length uint8 // uncompressed
	first  byte  // of its first label
}

// Reset begins a message, which is appended to buf.
func (b *Builder) Reset(buf []byte) {
	b.start = len(buf)
	b.buf = append(buf, make([]byte, HeaderSize)...)
	b.section, b.counts, b.overflow, b.known = Answer, [4]uint16{}, false, 0
}

// Header sets the header.
func (b *Builder) Header(h Header) {
	binary.BigEndian.PutUint16(b.buf[b.start:], h.ID)
	binary.BigEndian.PutUint16(b.buf[b.start+2:], h.flags())
}

// SetTruncated sets the flag TC.
func (b *Builder) SetTruncated() { b.buf[b.start+2] |= flagTC >> 8 }

// SetAuthoritative sets the flag AA.
func (b *Builder) SetAuthoritative() { b.buf[b.start+2] |= flagAA >> 8 }

// SetRCode sets the lower four bits of the response code.
func (b *Builder) SetRCode(r RCode) { b.buf[b.start+3] = b.buf[b.start+3]&^15 | byte(r&15) }

// Question adds a question. Questions come before records.
func (b *Builder) Question(q Question) {
	b.Name(q.Name)
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(q.Type))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(q.Class))
	b.counted(0)
}

// QuestionBytes adds the question of a query as it was asked: uncompressed name, type and class.
func (b *Builder) QuestionBytes(q []byte) {
	b.remember(q[:len(q)-4])
	b.buf = append(b.buf, q...)
	b.counted(0)
}

// remember notes the labels of an uncompressed name that is to be written now.
func (b *Builder) remember(name []byte) {
	for off := 0; off < len(name) && name[off] != 0; off += 1 + int(name[off]) {
		b.note(len(b.buf)-b.start+off, len(name)-off, name[off+1])
	}
}

func (b *Builder) note(offset, length int, first byte) {
	if b.known < maxSuffixes && offset < 1<<14 {
		b.suffixes[b.known] = suffix{uint16(offset), uint8(length), first}
		b.known++
	}
}

// Section says where the following records belong. Sections come in their order.
func (b *Builder) Section(s Section) { b.section = s }

// Record adds a record. Once the message has overflowed nothing is added any more.
func (b *Builder) Record(r Record) {
	if b.overflow {
		return
	}
	b.Name(r.Name)
	b.body(r.Type, r.Class, r.TTL, r.Data)
}

// AskedRecord adds a record that belongs to the name that the question asks for.
func (b *Builder) AskedRecord(t Type, c Class, ttl uint32, data string) {
	if b.overflow {
		return
	}
	b.buf = append(b.buf, 0xc0, HeaderSize)
	b.body(t, c, ttl, data)
}

func (b *Builder) body(t Type, c Class, ttl uint32, data string) {
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(t))
	b.buf = binary.BigEndian.AppendUint16(b.buf, uint16(c))
	b.buf = binary.BigEndian.AppendUint32(b.buf, ttl)
	b.buf = append(b.buf, 0, 0)
	begin := len(b.buf)
	b.data(t, data)
	binary.BigEndian.PutUint16(b.buf[begin-2:], uint16(len(b.buf)-begin))
	b.counted(1 + int(b.section))
}

// data writes the RDATA of a type. Names are compressed in the types of RFC 1035 only (RFC 3597 section 4).
func (b *Builder) data(t Type, data string) {
	layout := layoutOf(t)
	if !layout.compress {
		b.buf = append(b.buf, data...)
		return
	}
	for _, f := range layout.fields {
		n := f.kind.length(data)
		if n < 0 || n > len(data) {
			break // it is not of this form, and goes as it is
		}
		if f.kind == kindName {
			b.Name(Name(data[:n]))
		} else {
			b.buf = append(b.buf, data[:n]...)
		}
		data = data[n:]
	}
	b.buf = append(b.buf, data...)
}

// Name writes a name, compressed.
func (b *Builder) Name(name Name) {
	for off := 0; off < len(name); {
		n := int(name[off])
		if n == 0 {
			break
		}
		if at, ok := b.find(name[off:]); ok {
			b.buf = append(b.buf, 0xc0|byte(at>>8), byte(at))
			return
		}
		b.note(len(b.buf)-b.start, len(name)-off, name[off+1])
		b.buf = append(b.buf, name[off:off+1+n]...)
		off += 1 + n
	}
	b.buf = append(b.buf, 0)
}

// find returns the offset of a name that was written before.
func (b *Builder) find(name Name) (uint16, bool) {
	for i := range b.known {
		if s := &b.suffixes[i]; int(s.length) == len(name) && s.first == name[1] && b.same(int(s.offset), name) {
			return s.offset, true
		}
	}
	return 0, false
}

// same reports whether the name at offset is name. What is compared was written here, so it is well-formed.
func (b *Builder) same(offset int, name Name) bool {
	msg := b.buf[b.start:]
	for {
		n := int(msg[offset])
		switch {
		case n >= 0xc0:
			offset = (n&0x3f)<<8 | int(msg[offset+1])
			continue
		case n != int(name[0]):
			return false
		case n == 0:
			return true
		case string(msg[offset+1:offset+1+n]) != string(name[1:1+n]):
			return false
		}
		offset += 1 + n
		name = name[1+n:]
	}
}

func (b *Builder) counted(section int) {
	if b.counts[section]++; b.counts[section] == 0 || b.Len() > MaxSize {
		b.overflow = true
	}
}

// Len is the length of the message so far.
func (b *Builder) Len() int { return len(b.buf) - b.start }

// Overflow reports whether more was added than a message can hold.
func (b *Builder) Overflow() bool { return b.overflow }

// A Mark is a place in a message to go back to.
type Mark struct {
	length, known int
	counts        [4]uint16
}

// Mark is the place reached so far.
func (b *Builder) Mark() Mark { return Mark{b.Len(), b.known, b.counts} }

// Rewind takes back what was added since m.
func (b *Builder) Rewind(m Mark) {
	b.buf, b.known, b.counts, b.overflow = b.buf[:b.start+m.length], m.known, m.counts, false
}

// Finish writes the counts and returns the buffer that Reset was given, with the message appended.
func (b *Builder) Finish() []byte {
	for i, n := range b.counts {
		binary.BigEndian.PutUint16(b.buf[b.start+4+2*i:], n)
	}
	return b.buf
}

// OPT adds the pseudo record of EDNS (RFC 6891 section 6.1.2) to the additional section: the size of the largest UDP
// message that its sender takes, the upper bits of the response code, and the flag DO.
func (b *Builder) OPT(size uint16, rcode RCode, do bool) {
	b.section = Additional
	b.buf = append(b.buf, 0)
	ttl := uint32(rcode>>4) << 24
	if do {
		ttl |= 1 << 15
	}
	b.body(TypeOPT, Class(size), ttl, "")
}

// OPTSize is how long an OPT record without options is, in bytes.
const OPTSize = 11

// Records is the number of records before m.
func (m Mark) Records() int { return int(m.counts[1]) + int(m.counts[2]) + int(m.counts[3]) }
