package redis

import (
	"bytes"
	"math"
	"math/big"
	"strconv"
)

// parseInt reads a number as Redis does: no sign but a minus, no leading zeros, no white space.
func parseInt(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	digits := b
	if b[0] == '-' {
		digits = b[1:]
	}
	if len(digits) == 0 || digits[0] < '0' || digits[0] > '9' || (digits[0] == '0' && len(b) > 1) {
		return 0, false
	}
	n := uint64(0)
	for _, c := range digits {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxUint64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	if b[0] == '-' {
		return -int64(n), n <= 1<<63
	}
	return int64(n), n <= math.MaxInt64
}

// parseFloat reads a number with a fraction or an exponent; not a number is none.
func parseFloat(b []byte) (float64, bool) {
	if len(b) == 0 || isSpace(b[0]) || bytes.IndexByte(b, '_') >= 0 {
		return 0, false
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, (err == nil || math.IsInf(f, 0)) && !math.IsNaN(f)
}

// appendFloat writes f with 17 digits, without those that are zero.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	case f == math.Trunc(f) && math.Abs(f) < 1e17:
		return strconv.AppendInt(dst, int64(f), 10)
	}
	return strconv.AppendFloat(dst, f, 'g', 17, 64)
}

// Numbers that increments are added to have the 64 bits of precision, and the exponents, that Redis calculates with.
const (
	precision   = 64
	maxExponent = 16384
)

// addFloat returns a + b as Redis writes it. Either may be no number, and the sum infinite.
func addFloat(a, b []byte) (sum string, valid, finite bool) {
	x, okX := bigFloat(a)
	y, okY := bigFloat(b)
	if !okX || !okY {
		return "", false, false
	}
	if x.IsInf() || y.IsInf() {
		return "", true, false
	}
	z := new(big.Float).SetPrec(precision).Add(x, y)
	if z.MantExp(nil) > maxExponent {
		return "", true, false
	}
	text := z.Text('f', 17)
	for text[len(text)-1] == '0' {
		text = text[:len(text)-1]
	}
	if text[len(text)-1] == '.' {
		text = text[:len(text)-1]
	}
	if text == "-0" {
		text = "0"
	}
	return text, true, true
}

// bigFloat reads a number of at most 256 characters, whose exponent is not absurd.
func bigFloat(b []byte) (*big.Float, bool) {
	if len(b) == 0 || len(b) > 256 || isSpace(b[0]) || bytes.IndexByte(b, '_') >= 0 {
		return nil, false
	}
	if i := bytes.IndexAny(b, "eEpP"); i >= 0 && len(b)-i > 7 {
		return nil, false
	}
	f, _, err := big.ParseFloat(string(b), 0, precision, big.ToNearestEven)
	if err != nil || f.MantExp(nil) > maxExponent {
		return nil, false
	}
	return f, true
}

// overflows reports whether a + b does not fit 64 bits.
func overflows(a, b int64) bool {
	return (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b)
}

func appendInt(n int64) []byte { return strconv.AppendInt(nil, n, 10) }
