package amp

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The codes of errors that no command declares.
const (
	CodeUnknown   = "UNKNOWN"   // the responder failed
	CodeUnhandled = "UNHANDLED" // there is no responder
)

// Errors of calls, and those that end a connection.
var (
	// ErrUnhandledCommand is the other end's: it has no responder for the command.
	ErrUnhandledCommand = errors.New("amp: unhandled command")
	// ErrProtocolSwitched says that the connection no longer carries boxes.
	ErrProtocolSwitched = errors.New("amp: the connection has switched to another protocol")
	// ErrNotConnected says that there is no connection yet.
	ErrNotConnected = errors.New("amp: not connected")
	// ErrNoEmptyBoxes says that a box is neither a command nor an answer nor an error.
	ErrNoEmptyBoxes = errors.New("amp: a box is neither a command nor an answer nor an error")
	// ErrUnknownAnswer says that a box answers what was never asked.
	ErrUnknownAnswer = errors.New("amp: a box answers what was not asked")
	// ErrPlaintextAfterTLS says that bytes in the clear came after the command that starts TLS.
	ErrPlaintextAfterTLS = errors.New("amp: bytes in the clear after the start of TLS")
)

// RemoteError is an error that was answered by the other end of the connection (Twisted's RemoteAmpError). A responder
// may return one itself, to answer with a code that its command does not declare.
type RemoteError struct {
	Code        string
	Description string
	// Fatal says that whoever answers with it closes the connection after it. It is not sent.
	Fatal bool
	// Err is the error that the command has declared for the code, [ErrUnhandledCommand] for UNHANDLED, or nil.
	Err error
}

func (e *RemoteError) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Description) }

// Unwrap returns Err.
func (e *RemoteError) Unwrap() error { return e.Err }

// DeclaredError is an error that a command may be answered with.
type DeclaredError struct {
	Err  error  // as responders return it, wrapped or not, and as errors.Is finds it at the other end
	Code string // as it travels
	// Fatal closes the connection after the answer.
	Fatal bool
}

// unhandled describes an unknown command as Twisted does: as Python writes bytes.
func unhandled(command []byte) *RemoteError {
	return &RemoteError{Code: CodeUnhandled, Description: "Unhandled Command: " + pythonBytes(command), Err: ErrUnhandledCommand}
}

// pythonBytes is Python's repr of bytes.
func pythonBytes(b []byte) string {
	quote := byte('\'')
	if strings.IndexByte(string(b), '\'') >= 0 && strings.IndexByte(string(b), '"') < 0 {
		quote = '"'
	}
	s := append(make([]byte, 0, len(b)+3), 'b', quote)
	for _, c := range b {
		switch {
		case c == quote || c == '\\':
			s = append(s, '\\', c)
		case c == '\t':
			s = append(s, `\t`...)
		case c == '\n':
			s = append(s, `\n`...)
		case c == '\r':
			s = append(s, `\r`...)
		case c < ' ' || c > '~':
			s = fmt.Appendf(s, `\x%02x`, c)
		default:
			s = append(s, c)
		}
	}
	return string(append(s, quote))
}

// fitting cuts a description to what a box can hold.
func fitting(s string) string {
	if len(s) <= MaxValueLength {
		return s
	}
	s = s[:MaxValueLength]
	for len(s) > 0 && !utf8.RuneStart(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s[:len(s)-1]
}
