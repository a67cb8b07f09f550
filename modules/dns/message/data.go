package message

import "encoding/binary"

// A kind is the form of one field of record data.
type kind uint8

const (
	kindName    kind = iota // a domain name
	kindU8                  // numbers
	kindU16                 //
	kindU32                 //
	kindTime                // a number of seconds, in text also with units: 1h30m
	kindIP4                 // an IPv4 address
	kindIP6                 // an IPv6 address
	kindString              // a character string: a length byte and as many bytes
	kindStrings             // one or more of them, to the end
	kindTag                 // a character string of letters and digits, not quoted in text
	kindValue               // text to the end, without a length byte
	kindHex                 // bytes to the end, in hexadecimal in text
	kindBase64              // bytes to the end, in base64 in text
)

// A field of record data. The names are those of the RFC that defines the type.
type field struct {
	name string
	kind kind
}

// A layout is the form of one type's data. compress is for the types of RFC 1035 in which names may be compressed.
type layout struct {
	compress bool
	fields   []field
}

func oneName(field1 string) layout { return layout{true, []field{{field1, kindName}}} }

// layouts has the types whose data is known. That of others is opaque (RFC 3597 section 3).
var layouts = [260]layout{
	TypeA:     {false, []field{{"address", kindIP4}}},
	TypeNS:    oneName("nsdname"),
	TypeMD:    oneName("madname"),
	TypeMF:    oneName("madname"),
	TypeCNAME: oneName("cname"),
	TypeSOA: {true, []field{{"mname", kindName}, {"rname", kindName}, {"serial", kindU32}, {"refresh", kindTime}, {"retry", kindTime},
		{"expire", kindTime}, {"minimum", kindTime}}},
	TypeMB:     oneName("madname"),
	TypeMG:     oneName("mgmname"),
	TypeMR:     oneName("newname"),
	TypePTR:    oneName("ptrdname"),
	TypeHINFO:  {false, []field{{"cpu", kindString}, {"os", kindString}}},
	TypeMINFO:  {true, []field{{"rmailbx", kindName}, {"emailbx", kindName}}},
	TypeMX:     {true, []field{{"preference", kindU16}, {"exchange", kindName}}},
	TypeTXT:    {false, []field{{"data", kindStrings}}},
	TypeRP:     {false, []field{{"mbox", kindName}, {"txt", kindName}}},
	TypeAFSDB:  {false, []field{{"subtype", kindU16}, {"hostname", kindName}}},
	TypeAAAA:   {false, []field{{"address", kindIP6}}},
	TypeSRV:    {false, []field{{"priority", kindU16}, {"weight", kindU16}, {"port", kindU16}, {"target", kindName}}},
	TypeDNAME:  {false, []field{{"target", kindName}}},
	TypeDS:     {false, []field{{"keytag", kindU16}, {"algorithm", kindU8}, {"digesttype", kindU8}, {"digest", kindHex}}},
	TypeSSHFP:  {false, []field{{"algorithm", kindU8}, {"fptype", kindU8}, {"fingerprint", kindHex}}},
	TypeTLSA:   {false, []field{{"usage", kindU8}, {"selector", kindU8}, {"matching", kindU8}, {"data", kindHex}}},
	TypeDNSKEY: {false, []field{{"flags", kindU16}, {"protocol", kindU8}, {"algorithm", kindU8}, {"key", kindBase64}}},
	TypeSPF:    {false, []field{{"data", kindStrings}}},
	TypeCAA:    {false, []field{{"flags", kindU8}, {"tag", kindTag}, {"value", kindValue}}},
	TypeNAPTR: {false, []field{{"order", kindU16}, {"preference", kindU16}, {"flags", kindString}, {"services", kindString},
		{"regexp", kindString}, {"replacement", kindName}}},
}

// layoutOf returns the layout of t; that of a type that is not known has no fields.
func layoutOf(t Type) *layout {
	if int(t) < len(layouts) {
		return &layouts[t]
	}
	return &layouts[0]
}

// length is how many bytes of data a field takes, which may be more than there are; -1 if that cannot be told. A name
// in data is not compressed.
func (k kind) length(data string) int {
	switch k {
	case kindName:
		n, err := checkName(data)
		if err != nil {
			return -1
		}
		return n
	case kindU8:
		return 1
	case kindU16:
		return 2
	case kindU32, kindTime, kindIP4:
		return 4
	case kindIP6:
		return 16
	case kindString, kindTag:
		if data == "" {
			return -1
		}
		return 1 + int(data[0])
	}
	return len(data)
}

// readData reads the data of a record from msg[off:off+length] and expands the names in it, also where a sender ought
// not to have compressed them (RFC 3597 section 4).
func readData(msg []byte, off, length int, t Type) (string, error) {
	end := off + length
	l := layoutOf(t)
	var scratch [512]byte
	data := scratch[:0]
	for _, f := range l.fields {
		if f.kind == kindName {
			var err error
			if data, off, err = AppendName(data, msg[:end], off); err != nil {
				return "", err
			}
			continue
		}
		n := f.kind.length(string(msg[off:end]))
		if n < 0 || off+n > end || f.kind == kindStrings && !wholeStrings(msg[off:end]) {
			return "", ErrData
		}
		data = append(data, msg[off:off+n]...)
		off += n
	}
	if len(l.fields) > 0 && off != end {
		return "", ErrData
	}
	return string(append(data, msg[off:end]...)), nil
}

// wholeStrings reports whether p is one or more character strings and nothing else.
func wholeStrings(p []byte) bool {
	if len(p) == 0 {
		return false
	}
	for len(p) > 0 {
		if 1+int(p[0]) > len(p) {
			return false
		}
		p = p[1+int(p[0]):]
	}
	return true
}

// CheckData reports whether data has the form of t. Unknown types take anything.
func CheckData(t Type, data string) error {
	if len(data) > MaxSize {
		return ErrTooBig
	}
	_, err := readData([]byte(data), 0, len(data), t)
	return err
}

// Target returns the name that a record's data ends with (NS, CNAME, MX, SRV, …), and whether its type has one.
func Target(t Type, data string) (Name, bool) {
	skip := 0
	switch t {
	case TypeNS, TypeCNAME, TypePTR, TypeDNAME:
	case TypeMX, TypeAFSDB:
		skip = 2
	case TypeSRV:
		skip = 6
	default:
		return "", false
	}
	if len(data) <= skip {
		return "", false
	}
	return Name(data[skip:]), true
}

// SOAMinimum returns the last field of the data of an SOA record: how many seconds a negative answer may be kept (RFC
// 2308 section 4).
func SOAMinimum(data string) uint32 {
	if len(data) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32([]byte(data[len(data)-4:]))
}
