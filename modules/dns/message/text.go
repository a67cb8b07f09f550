package message

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// quotedSpecial is what is escaped inside of quotation marks.
const quotedSpecial = `"\`

// A Field is one part of a record's data as text. Names are those of the RFC that defines the type.
type Field struct{ Name, Text string }

// Fields takes the record's data apart. Data of an unknown type, or not of its type's form, is one field "rdata" in
// hexadecimal, written as RFC 3597 section 5 has it.
func (r *Record) Fields() []Field {
	l := layoutOf(r.Type)
	if len(l.fields) == 0 || CheckData(r.Type, r.Data) != nil {
		return []Field{{"rdata", strings.TrimSpace(fmt.Sprintf(`\# %d %x`, len(r.Data), r.Data))}}
	}
	var all []Field
	data := r.Data
	for _, f := range l.fields {
		n := f.kind.length(data)
		all = append(all, Field{f.name, f.kind.text(data[:n])})
		data = data[n:]
	}
	return all
}

// Text is the record's data in the form of a zone file.
func (r *Record) Text() string {
	var all []string
	for _, f := range r.Fields() {
		if f.Text != "" {
			all = append(all, f.Text)
		}
	}
	return strings.Join(all, " ")
}

// String is the record as a line of a zone file.
func (r *Record) String() string {
	return fmt.Sprintf("%s %d %s %s %s", r.Name, r.TTL, r.Class, r.Type, r.Text())
}

// text writes one field, whose form has been checked.
func (k kind) text(data string) string {
	switch k {
	case kindName:
		return Name(data).String()
	case kindU8:
		return strconv.Itoa(int(data[0]))
	case kindU16:
		return strconv.Itoa(int(binary.BigEndian.Uint16([]byte(data))))
	case kindU32, kindTime:
		return strconv.FormatUint(uint64(binary.BigEndian.Uint32([]byte(data))), 10)
	case kindIP4, kindIP6:
		a, _ := netip.AddrFromSlice([]byte(data))
		return a.String()
	case kindString:
		return quoted(data[1:])
	case kindTag:
		return data[1:]
	case kindValue:
		return quoted(data)
	case kindHex:
		return strings.ToUpper(hex.EncodeToString([]byte(data)))
	case kindBase64:
		return base64.StdEncoding.EncodeToString([]byte(data))
	}
	var all []string // kindStrings
	for ; data != ""; data = data[1+int(data[0]):] {
		all = append(all, quoted(data[1:1+int(data[0])]))
	}
	return strings.Join(all, " ")
}

func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range []byte(s) {
		escape(&b, c, quotedSpecial)
	}
	b.WriteByte('"')
	return b.String()
}
