package finger

import (
	"bytes"
	"strings"
)

// query is what a line asks for: RFC 1288, 2.3.
type query struct {
	user    string // empty: the list of users
	verbose bool   // by /W
	forward bool   // to another host
}

// parse reads a query without the end of its line. Of several words the last one counts, and anything before it asks
// for more, as in Twisted.
func parse(line []byte) query {
	words := bytes.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t\r\v\f", c) })
	var q query
	if len(words) > 0 && strings.EqualFold(string(words[0]), "/W") {
		q.verbose = true
		words = words[1:]
	}
	if len(words) == 0 {
		return q
	}
	q.user = string(words[len(words)-1])
	q.verbose = q.verbose || len(words) > 1
	q.forward = strings.Contains(q.user, "@")
	return q
}
