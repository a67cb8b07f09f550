package redis

// match reports whether s has the form of pattern, in which * stands for any bytes, ? for one, [a-c] for one of those
// named and [^a-c] for one of the others, and a backslash takes the meaning from what follows. Its time is bounded by the
// product of the two lengths.
func match(pattern, s []byte) bool {
	retryPattern, retry := -1, 0 // where to go on if what follows the last * does not fit
	p, i := 0, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			retryPattern, retry = p, i
			p++
			continue
		}
		if i == len(s) && p == len(pattern) {
			return true
		}
		if i < len(s) && p < len(pattern) {
			if width, ok := matchOne(pattern[p:], s[i]); ok {
				p += width
				i++
				continue
			}
		}
		if retryPattern < 0 || retry >= len(s) {
			return false
		}
		retry++
		p, i = retryPattern+1, retry
	}
}

// matchOne reports whether c has the form of the first piece of pattern, and how long that is.
func matchOne(pattern []byte, c byte) (width int, ok bool) {
	switch {
	case pattern[0] == '?':
		return 1, true
	case pattern[0] == '\\' && len(pattern) > 1:
		return 2, pattern[1] == c
	case pattern[0] == '[':
		return matchClass(pattern, c)
	}
	return 1, pattern[0] == c
}

func matchClass(pattern []byte, c byte) (width int, ok bool) {
	p := 1
	not := p < len(pattern) && pattern[p] == '^'
	if not {
		p++
	}
	for p < len(pattern) && pattern[p] != ']' {
		switch {
		case pattern[p] == '\\' && p+1 < len(pattern):
			ok = ok || pattern[p+1] == c
			p += 2
		case p+2 < len(pattern) && pattern[p+1] == '-':
			low, high := min(pattern[p], pattern[p+2]), max(pattern[p], pattern[p+2])
			ok = ok || (c >= low && c <= high)
			p += 3
		default:
			ok = ok || pattern[p] == c
			p++
		}
	}
	return min(p+1, len(pattern)), ok != not
}
