package web

import (
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

// log writes the line of a request whose response was written piece by piece.
func (v *visitor) log(q *http1.Request) {
	if v.site.Output != nil {
		v.logLine(q, q.Sent())
	}
}

// logLine writes a line in the combined log format: the client's address, two fields that are not known, the time, the
// request line, the status, the bytes of the body, and the headers Referer and User-Agent.
func (v *visitor) logLine(q *http1.Request, sent int64) {
	host, _, _ := strings.Cut(q.Transport().Peer().String(), "\n")
	if i := strings.LastIndexByte(host, ':'); i > 0 {
		host = strings.Trim(host[:i], "[]")
	}
	if host == "" {
		host = "-"
	}
	b := append([]byte(host), " - - ["...)
	b = q.Now().UTC().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, "] \""...)
	b = appendEscaped(b, q.Method)
	b = appendEscaped(append(b, ' '), q.Target)
	b = append(append(append(b, ' '), q.Proto()...), "\" "...)
	b = strconv.AppendInt(b, int64(q.Status()), 10)
	b = strconv.AppendInt(append(b, ' '), sent, 10)
	for _, name := range []string{"Referer", "User-Agent"} {
		value := q.Fields.Get(name)
		if len(value) == 0 {
			value = []byte("-")
		}
		b = append(appendEscaped(append(b, " \""...), value), '"')
	}
	_, _ = v.site.Output.Write(append(b, '\n')) // a log that cannot be written stops nobody
}

// appendEscaped appends text so that it cannot end its field or the line.
func appendEscaped(b, text []byte) []byte {
	const hexDigits = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ' || c >= 0x7f:
			b = append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
		default:
			b = append(b, c)
		}
	}
	return b
}
