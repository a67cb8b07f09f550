package basic

import (
	"bytes"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// MaxLineLength is the longest line that [LineReceiver] and [LineOnlyReceiver] accept unless told otherwise, in bytes
// without the delimiter.
const MaxLineLength = 16384

var crlf = []byte("\r\n")

// LineHandler is what a protocol of lines implements.
type LineHandler interface {
	// LineReceived delivers one line, without its delimiter. line is valid until the call returns.
	LineReceived(line []byte)
}

// RawDataHandler is implemented by line handlers that use raw mode.
type RawDataHandler interface {
	// RawDataReceived delivers bytes in raw mode, in pieces of any size. data is valid until the call returns.
	RawDataReceived(data []byte)
}

// LineLengthHandler is implemented by line handlers that have something to say about a line that is too long, before
// the connection is closed or instead of closing it.
type LineLengthHandler interface {
	// LineLengthExceeded is given the first MaxLength bytes of the line, valid until the call returns. If it does not
	// close the connection, the rest of the line is passed over, or, if it switches to raw mode, delivered raw.
	LineLengthExceeded(start []byte)
}

// lines splits a stream into lines.
type lines struct {
	stream
	scanned int  // so many unconsumed bytes are known to hold no delimiter
	passing bool // over the rest of a line that was too long
}

// next takes a line of up to limit bytes that has come whole and in one piece, as nearly all do; ok is false if parse has to
// see what there is.
func (l *lines) next(delimiter []byte, limit int) (line []byte, ok bool) {
	if l.off < len(l.held) || l.passing {
		return nil, false
	}
	in := l.in
	end := find(in, delimiter, l.scanned)
	if end < 0 {
		l.scanned = max(l.scanned, len(in)-len(delimiter)+1)
		return nil, false
	}
	if end > limit {
		return nil, false
	}
	l.scanned = 0
	l.in = in[end+len(delimiter):]
	return in[:end:end], true
}

// find is where the first delimiter begins, from the place from on, or -1. For delimiters, which are short, it is quicker than
// [bytes.Index] where that has no instructions of its own for it, as in WebAssembly.
func find(s, delimiter []byte, from int) int {
	for first := delimiter[0]; ; from++ {
		i := bytes.IndexByte(s[from:], first)
		if i < 0 {
			return -1
		}
		from += i
		if len(delimiter) == 1 || bytes.HasPrefix(s[from+1:], delimiter[1:]) {
			return from
		}
	}
}

// parse delivers one line of up to limit bytes. A beginning of a line that is longer than unfinished is too long.
func (l *lines) parse(t protocol.Transport, h LineHandler, delimiter []byte, limit, unfinished int) bool {
	end := l.index(delimiter, l.scanned)
	if end < 0 {
		return l.parseUnfinished(t, h, delimiter, limit, unfinished)
	}
	l.scanned = 0
	switch {
	case l.passing:
		l.passing = false
		l.skip(end + len(delimiter))
	case end > limit:
		l.exceeded(t, h, limit)
	default:
		line := l.take(end)
		l.skip(len(delimiter))
		h.LineReceived(line)
	}
	return true
}

func (l *lines) parseUnfinished(t protocol.Transport, h LineHandler, delimiter []byte, limit, unfinished int) bool {
	n := l.available()
	// The last bytes may be the beginning of a delimiter.
	known := max(0, n-len(delimiter)+1)
	if l.passing {
		l.skip(known)
		return false
	}
	if n > unfinished {
		l.scanned = 0
		l.exceeded(t, h, limit)
		return true
	}
	l.scanned = known
	return false
}

func (l *lines) exceeded(t protocol.Transport, h LineHandler, limit int) {
	start := l.take(limit)
	l.passing = true
	if h, ok := h.(LineLengthHandler); ok {
		h.LineLengthExceeded(start)
	} else {
		t.LoseConnection()
	}
}

// lineRules puts the defaults in.
func lineRules(delimiter []byte, limit int) ([]byte, int) {
	if len(delimiter) == 0 {
		delimiter = crlf
	}
	if limit <= 0 {
		limit = MaxLineLength
	}
	return delimiter, limit
}

func sendLine(t protocol.Transport, line, delimiter []byte) error {
	delimiter, _ = lineRules(delimiter, 0)
	if _, err := t.Write(line); err != nil {
		return err
	}
	_, err := t.Write(delimiter)
	return err
}
