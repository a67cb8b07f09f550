package message

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// A Token is a word of a zone file, with its escapes still in it.
type Token struct {
	Text   string
	Quoted bool // it stood in quotation marks
}

// ParseData reads the textual form of the data of type t: what [Record.Text] writes, names also relative to origin. The
// form of RFC 3597 section 5 (\# LENGTH HEX…) is taken for every type.
func ParseData(t Type, tokens []Token, origin Name) (string, error) {
	if len(tokens) > 0 && tokens[0] == (Token{Text: `\#`}) {
		return parseOpaque(t, tokens[1:])
	}
	l := layoutOf(t)
	if len(l.fields) == 0 {
		return "", fmt.Errorf(`type %s: write its data as \# LENGTH HEXADECIMAL (RFC 3597)`, t)
	}
	var data []byte
	for _, f := range l.fields {
		if len(tokens) == 0 && f.kind != kindHex && f.kind != kindBase64 {
			return "", fmt.Errorf("type %s: %s is missing", t, f.name)
		}
		n := 1
		if f.kind == kindStrings || f.kind == kindHex || f.kind == kindBase64 {
			n = len(tokens)
		}
		var err error
		if data, err = f.kind.parse(data, tokens[:n], origin); err != nil {
			return "", fmt.Errorf("type %s: %s: %w", t, f.name, err)
		}
		tokens = tokens[n:]
	}
	if len(tokens) > 0 {
		return "", fmt.Errorf("type %s: %q is too much", t, tokens[0].Text)
	}
	if len(data) > MaxSize {
		return "", fmt.Errorf("type %s: %w", t, ErrTooBig)
	}
	return string(data), nil
}

func parseOpaque(t Type, tokens []Token) (string, error) {
	if len(tokens) == 0 {
		return "", errors.New(`\#: the length is missing`)
	}
	length, err := strconv.ParseUint(tokens[0].Text, 10, 16)
	if err != nil {
		return "", fmt.Errorf(`\# %s: not a length`, tokens[0].Text)
	}
	data, err := kindHex.parse(nil, tokens[1:], "")
	if err != nil {
		return "", fmt.Errorf(`\#: %w`, err)
	}
	if len(data) != int(length) {
		return "", fmt.Errorf(`\#: %d bytes follow, and the length says %d`, len(data), length)
	}
	if err := CheckData(t, string(data)); err != nil {
		return "", fmt.Errorf("type %s: %w", t, err)
	}
	return string(data), nil
}

// parse appends the field that the tokens write. There is one, but for fields that go to the end.
func (k kind) parse(data []byte, tokens []Token, origin Name) ([]byte, error) {
	switch k {
	case kindStrings:
		for _, token := range tokens {
			var err error
			if data, err = kindString.parse(data, []Token{token}, origin); err != nil {
				return nil, err
			}
		}
		return data, nil
	case kindHex, kindBase64:
		decode := hex.DecodeString
		if k == kindBase64 {
			decode = base64.StdEncoding.DecodeString
		}
		var text strings.Builder
		for _, token := range tokens {
			text.WriteString(token.Text)
		}
		p, err := decode(text.String())
		return append(data, p...), err
	}
	text := tokens[0].Text
	switch k {
	case kindName:
		name, err := ParseName(text, origin)
		return append(data, name...), err
	case kindU8, kindU16, kindU32:
		size := map[kind]int{kindU8: 1, kindU16: 2, kindU32: 4}[k]
		n, err := strconv.ParseUint(text, 10, 8*size)
		if err != nil {
			return nil, fmt.Errorf("%q: want a number of %d bits", text, 8*size)
		}
		all := binary.BigEndian.AppendUint32(nil, uint32(n))
		return append(data, all[4-size:]...), nil
	case kindTime:
		n, err := ParseTTL(text)
		return binary.BigEndian.AppendUint32(data, n), err
	case kindIP4, kindIP6:
		a, err := netip.ParseAddr(text)
		if err != nil || a.Is4() != (k == kindIP4) || a.Zone() != "" {
			return nil, fmt.Errorf("%q: want an IPv%d address", text, map[kind]int{kindIP4: 4, kindIP6: 6}[k])
		}
		return append(data, a.AsSlice()...), nil
	}
	p, err := unescapeAll(text)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text, err)
	}
	if k == kindValue {
		return append(data, p...), nil
	}
	if len(p) > 255 {
		return nil, fmt.Errorf("%q: longer than 255 bytes", text)
	}
	if k == kindTag && (len(p) == 0 || strings.Trim(strings.ToLower(string(p)), "abcdefghijklmnopqrstuvwxyz0123456789") != "") {
		return nil, fmt.Errorf("%q: want letters and digits", text)
	}
	return append(append(data, byte(len(p))), p...), nil
}

func unescapeAll(text string) ([]byte, error) {
	var p []byte
	for text != "" {
		c, n, err := unescape(text)
		if err != nil {
			return nil, err
		}
		p, text = append(p, c), text[n:]
	}
	return p, nil
}

// MaxTTL is the longest time to live (RFC 2181 section 8).
const MaxTTL = 1<<31 - 1

// ParseTTL reads a number of seconds, or numbers with the units s, m, h, d and w, as in 1h30m.
func ParseTTL(text string) (uint32, error) {
	var total, n uint64
	digits, units := 0, 0
	for _, c := range []byte(strings.ToLower(text)) {
		if c >= '0' && c <= '9' {
			n = n*10 + uint64(c-'0')
			digits++
		} else {
			unit, ok := map[byte]uint64{'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 604800}[c]
			if !ok || digits == 0 {
				return 0, fmt.Errorf("%q: want seconds, or a time like 1h30m", text)
			}
			total += n * unit
			n, digits, units = 0, 0, units+1
		}
		if total+n > MaxTTL {
			return 0, fmt.Errorf("%q: longer than %d seconds", text, MaxTTL)
		}
	}
	if digits == 0 && units == 0 || digits > 0 && units > 0 {
		return 0, fmt.Errorf("%q: want seconds, or a time like 1h30m", text)
	}
	return uint32(total + n), nil
}
