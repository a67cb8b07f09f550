package web

import (
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

// validators are what tells one state of a file from another (RFC 9110, section 8.8).
type validators struct {
	tag      string
	modified time.Time // whole seconds
}

func validatorsOf(info fs.FileInfo) validators {
	m := info.ModTime()
	var space [40]byte
	tag := strconv.AppendInt(append(space[:0], '"'), m.UnixNano(), 16)
	tag = strconv.AppendInt(append(tag, '-'), info.Size(), 16)
	return validators{string(append(tag, '"')), time.Unix(m.Unix(), 0)}
}

// check evaluates the conditions of a request in the order of RFC 9110, section 13.2.2. It returns 412 or 304, or 0 if
// the request is to be answered.
func (v validators) check(f http1.Fields) int {
	if match := f.Get("If-Match"); match != nil {
		if !v.listed(string(match), false) {
			return 412
		}
	} else if since, ok := date(f.Get("If-Unmodified-Since")); ok && v.modified.After(since) {
		return 412
	}
	if match := f.Get("If-None-Match"); match != nil {
		if v.listed(string(match), true) {
			return 304
		}
	} else if since, ok := date(f.Get("If-Modified-Since")); ok && !v.modified.After(since) {
		return 304
	}
	return 0
}

// ranges returns the ranges that the request asks for, unless the file has changed since the client saw it.
func (v validators) ranges(f http1.Fields, size int64) (ranges []extent, whole bool) {
	header := f.Get("Range")
	if header == nil {
		return nil, true
	}
	if condition := f.Get("If-Range"); condition != nil && string(condition) != v.tag {
		if since, ok := date(condition); !ok || !since.Equal(v.modified) {
			return nil, true
		}
	}
	return parseRanges(string(header), size)
}

// listed reports whether a list of entity tags has ours, or is "*". weak says that weak ones count.
func (v validators) listed(list string, weak bool) bool {
	if list == "*" {
		return true
	}
	for _, tag := range strings.Split(list, ",") {
		tag = strings.Trim(tag, " \t")
		if weak {
			tag = strings.TrimPrefix(tag, "W/")
		}
		if tag == v.tag {
			return true
		}
	}
	return false
}

// date reads an HTTP date in any of its three forms: RFC 9110, section 5.6.7. Most requests have none, which is told
// without asking package time, whose errors are dear.
func date(b []byte) (time.Time, bool) {
	if len(b) == 0 {
		return time.Time{}, false
	}
	for _, layout := range []string{http1.TimeFormat, "Monday, 02-Jan-06 15:04:05 GMT", time.ANSIC} {
		if t, err := time.Parse(layout, string(b)); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
