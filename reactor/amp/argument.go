package amp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Argument says how values of type T travel.
type Argument[T any] struct {
	// Append appends the encoding of value to dst.
	Append func(dst []byte, value T) ([]byte, error)
	// Parse decodes text, which it must not keep.
	Parse func(text []byte) (T, error)
}

// maxDigits is the longest text that is read as a BigInteger: reading takes time that grows with its square.
const maxDigits = 4300

// The types of arguments. Their encodings are Twisted's; numbers are read as Python reads them, with white space around
// them and underscores between digits.
var (
	// Integer is a decimal number that fits 64 bits.
	Integer = Argument[int64]{appendInteger, parseInteger}
	// BigInteger is a decimal number of up to 4300 digits.
	BigInteger = Argument[*big.Int]{appendBigInteger, parseBigInteger}
	// Float is a number in the shortest form that gives the same float64 again, such as 5.0 or 1e-05; inf and nan are
	// numbers too.
	Float = Argument[float64]{func(dst []byte, f float64) ([]byte, error) { return appendFloat(dst, f), nil }, parseFloat}
	// Boolean is True or False.
	Boolean = Argument[bool]{appendBoolean, parseBoolean}
	// String is bytes as they are.
	String = Argument[[]byte]{
		func(dst, s []byte) ([]byte, error) { return append(dst, s...), nil },
		func(text []byte) ([]byte, error) { return append([]byte{}, text...), nil },
	}
	// Unicode is text in UTF-8.
	Unicode = Argument[string]{appendUnicode, func(text []byte) (string, error) { return unicode(string(text)) }}
	// Path is the name of a file, in UTF-8 and without zero bytes.
	Path = Argument[string]{appendPath, func(text []byte) (string, error) { return path(string(text)) }}
	// DateTime is a time to the microsecond and its distance from UTC in minutes, 32 characters:
	// 2012-01-23T12:34:56.054321-01:23.
	DateTime = Argument[time.Time]{appendDateTime, parseDateTime}
)

func appendInteger(dst []byte, n int64) ([]byte, error) { return strconv.AppendInt(dst, n, 10), nil }

func parseInteger(text []byte) (int64, error) {
	if s, ok := number(text); ok {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
	}
	return 0, fmt.Errorf("%.40q is no integer of 64 bits", text)
}

func appendBigInteger(dst []byte, n *big.Int) ([]byte, error) {
	if n == nil {
		return dst, errors.New("an integer is missing")
	}
	return n.Append(dst, 10), nil
}

func parseBigInteger(text []byte) (*big.Int, error) {
	if s, ok := number(text); ok && len(s) <= maxDigits {
		if n, ok := new(big.Int).SetString(s, 10); ok {
			return n, nil
		}
	}
	return nil, fmt.Errorf("%.40q is no integer of at most %d digits", text, maxDigits)
}

// number removes what Python allows around and inside a number: white space, and underscores between digits.
func number(text []byte) (string, bool) {
	text = bytes.Trim(text, " \t\n\v\f\r")
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	for i, c := range text {
		if c == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(string(text), "_", ""), len(text) > 0
}

// appendFloat writes f as Python's repr does.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if bytes.IndexByte(dst[start:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

func parseFloat(text []byte) (float64, error) {
	// Hexadecimal is Go's, not the protocol's.
	if s, ok := number(text); ok && !strings.ContainsAny(s, "xXpP") {
		f, err := strconv.ParseFloat(s, 64)
		if err == nil || errors.Is(err, strconv.ErrRange) {
			return f, nil // what is out of range is infinite
		}
	}
	return 0, fmt.Errorf("%.40q is no number", text)
}

func appendBoolean(dst []byte, b bool) ([]byte, error) {
	if b {
		return append(dst, "True"...), nil
	}
	return append(dst, "False"...), nil
}

func parseBoolean(text []byte) (bool, error) {
	switch string(text) {
	case "True":
		return true, nil
	case "False":
		return false, nil
	}
	return false, fmt.Errorf("%.40q is neither True nor False", text)
}

func unicode(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", fmt.Errorf("%.40q is not UTF-8", s)
	}
	return s, nil
}

func appendUnicode(dst []byte, s string) ([]byte, error) {
	s, err := unicode(s)
	return append(dst, s...), err
}

func path(s string) (string, error) {
	if strings.Contains(s, "\x00") {
		return "", fmt.Errorf("%.40q is no path", s)
	}
	return unicode(s)
}

func appendPath(dst []byte, s string) ([]byte, error) {
	s, err := path(s)
	return append(dst, s...), err
}

// The form of a DateTime, but for the sign of an offset of zero, which Twisted writes as a minus.
const dateTime = "2006-01-02T15:04:05.000000-07:00"

func appendDateTime(dst []byte, t time.Time) ([]byte, error) {
	_, offset := t.Zone()
	offset = offset / 60 * 60
	start := len(dst)
	dst = t.In(time.FixedZone("", offset)).AppendFormat(dst, dateTime)
	if len(dst)-start != len(dateTime) {
		return dst[:start], fmt.Errorf("%v cannot be sent: its year has no four digits, or its offset no two", t)
	}
	if offset == 0 {
		dst[start+26] = '-'
	}
	return dst, nil
}

func parseDateTime(text []byte) (time.Time, error) {
	t, err := time.Parse(dateTime, string(text))
	if err != nil || len(text) != len(dateTime) {
		return time.Time{}, fmt.Errorf("%.40q is no time of the form %s", text, dateTime)
	}
	if _, offset := t.Zone(); offset == 0 {
		t = t.UTC()
	}
	return t, nil
}
