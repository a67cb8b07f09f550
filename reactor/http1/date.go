package http1

import "time"

// TimeFormat is how HTTP writes a time, which must be in UTC (RFC 9110, section 5.6.7).
const TimeFormat = "Mon, 02 Jan 2006 15:04:05 GMT"

// AppendTime appends t, in UTC, as TimeFormat has it: for a fraction of what package time takes to read the format. t is
// of the years 0 to 9999.
func AppendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = append(append(b, t.Weekday().String()[:3]...), ", "...)
	b = append(appendTwo(b, day), ' ')
	b = append(append(b, month.String()[:3]...), ' ')
	b = append(appendTwo(appendTwo(b, year/100), year%100), ' ')
	b = append(appendTwo(b, hour), ':')
	b = append(appendTwo(b, minute), ':')
	return append(appendTwo(b, second), " GMT"...)
}

// appendTwo appends two decimal digits.
func appendTwo(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }

// dateCache holds the Date header of the latest second.
type dateCache struct {
	second int64
	line   [len("Date: ") + len(TimeFormat) + len("\r\n")]byte
}

// append appends the header for t.
func (d *dateCache) append(b []byte, t time.Time) []byte {
	if second := t.Unix(); second != d.second {
		d.second = second
		line := AppendTime(append(d.line[:0], "Date: "...), t)
		_ = append(line, "\r\n"...)
	}
	return append(b, d.line[:]...)
}
