package amp

import (
	"fmt"
	"math/big"
	"regexp"
)

// DecimalNumber is a decimal number as text, with the precision that it was written with: "1.50" and "1.5E+2" are
// numbers, and so are "NaN", "sNaN" and "Infinity", with a sign or without. It has the form of a numeric string of the
// General Decimal Arithmetic specification (https://speleotrove.com/decimal/).
type DecimalNumber string

var (
	decimalForm    = regexp.MustCompile(`^[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,18})?|(?i:inf(?:inity)?|s?nan[0-9]*))$`)
	decimalNumbers = regexp.MustCompile(`^[+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,4})?$`)
)

// Decimal is a decimal number of any precision.
var Decimal = Argument[DecimalNumber]{
	func(dst []byte, d DecimalNumber) ([]byte, error) {
		_, err := decimal(string(d))
		return append(dst, d...), err
	},
	func(text []byte) (DecimalNumber, error) { return decimal(string(text)) },
}

func decimal(text string) (DecimalNumber, error) {
	if !decimalForm.MatchString(text) {
		return "", fmt.Errorf("%.40q is no decimal number", text)
	}
	return DecimalNumber(text), nil
}

// Rat is the number's exact value. It is not ok where there is none, as of NaN and Infinity, and where it would be
// unreasonably long: beyond exponents of four digits.
func (d DecimalNumber) Rat() (value *big.Rat, ok bool) {
	if _, err := decimal(string(d)); err != nil || len(d) > maxDigits || !decimalNumbers.MatchString(string(d)) {
		return nil, false
	}
	return new(big.Rat).SetString(string(d))
}
