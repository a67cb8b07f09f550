package http1

import "time"

// TimeFormat is how HTTP writes a time, which must be in UTC (RFC 9110, section 5.6.7).
const TimeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// dateCache holds the Date header of the latest second.
type dateCache struct {
	second int64
	line   [len("Date: ") + len(TimeFormat) + len("\r\n")]byte
}

// append appends the header for t.
func (d *dateCache) append(b []byte, t time.Time) []byte {
	if second := t.Unix(); second != d.second {
		d.second = second
		line := append(d.line[:0], "Date: "...)
		line = t.UTC().AppendFormat(line, TimeFormat)
		_ = append(line, "\r\n"...)
	}
	return append(b, d.line[:]...)
}
