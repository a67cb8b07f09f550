package web

import (
	"strings"

	"github.com/wasmnet/wasmnet/reactor/http1"
)

// maxRanges is how many ranges of one file are sent in one response. A request for more gets the whole file.
const maxRanges = 16

// extent is a part of a file.
type extent struct{ offset, length int64 }

// parseRanges reads a Range header (RFC 9110, section 14.1.2) for a file of size bytes. whole says that it is to be
// ignored: it is malformed, of another unit, or asks for more than the file holds. No ranges, and not whole: none of
// those asked for lies in the file.
func parseRanges(header string, size int64) (ranges []extent, whole bool) {
	unit, list, ok := strings.Cut(header, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return nil, true
	}
	var sum int64
	for _, item := range strings.Split(list, ",") {
		item = strings.Trim(item, " \t")
		if item == "" {
			continue
		}
		first, last, ok := strings.Cut(item, "-")
		from, fromOK := http1.ParseLength([]byte(first))
		to, toOK := http1.ParseLength([]byte(last))
		var e extent
		switch {
		case !ok || !fromOK && first != "" || !toOK && last != "" || first == "" && last == "":
			return nil, true
		case first == "": // the last bytes
			length := min(to, size)
			e = extent{size - length, length}
		case last != "" && to < from:
			return nil, true
		case from >= size:
			continue
		default:
			if last == "" || to >= size {
				to = size - 1
			}
			e = extent{from, to - from + 1}
		}
		if e.length == 0 {
			continue
		}
		ranges = append(ranges, e)
		if sum += e.length; sum > size || len(ranges) > maxRanges {
			return nil, true
		}
	}
	return ranges, false
}
