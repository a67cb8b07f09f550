// Package message reads and writes DNS messages (RFC 1035 section 4), the names and record data in them, and their
// textual forms (RFC 1035 section 5, RFC 3597).
//
// There are two ways in. [Decode] takes a whole message apart, for tools, tests and answers of other servers.
// [ParseQuery] reads what a server needs of a query, without allocating. [Builder] writes messages, with names
// compressed.
//
// Every byte is taken to be hostile. A compression pointer must point before the place where its name began so far, and
// a name follows at most 127 of them, so that the work a message makes is bounded by a small multiple of its length.
package message

import "errors"

// What can be wrong with a message. [Decode] wraps them in an [Error].
var (
	ErrShort   = errors.New("message ends early")
	ErrPointer = errors.New("compression pointer does not point backwards")
	ErrLabel   = errors.New("label of an unknown type")
	ErrName    = errors.New("name is longer than 255 bytes")
	ErrData    = errors.New("record data does not have the form of its type")
	ErrTooBig  = errors.New("message does not fit 65535 bytes")
)

// MaxSize is the length of the longest message, in bytes (RFC 1035 section 4.2.2).
const MaxSize = 65535

// HeaderSize is the length of a message's header, in bytes.
const HeaderSize = 12
