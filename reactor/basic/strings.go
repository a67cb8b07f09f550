package basic

import "errors"

// MaxStringLength is the longest string that the receivers of netstrings and of strings with a length in front accept
// unless told otherwise, in bytes.
const MaxStringLength = 99999

// ErrStringTooLong is what SendString returns for a string whose length does not fit in front of it.
var ErrStringTooLong = errors.New("string is too long for its length prefix")

// StringHandler is what a protocol of strings implements.
type StringHandler interface {
	// StringReceived delivers one string. It is valid until the call returns.
	StringReceived(s []byte)
}

func stringLimit(limit int) int {
	if limit <= 0 {
		return MaxStringLength
	}
	return limit
}
