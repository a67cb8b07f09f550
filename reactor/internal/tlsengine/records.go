package tlsengine

// records follows the framing of a stream of ciphertext, so that the session knows when crypto/tls has nothing whole left
// to decrypt: asking it costs a lock, a failed read and an object on the heap. RFC 8446 section 5.1: a record is a header
// of five bytes, whose last two are the length of what follows.
type records struct {
	whole  int // records that ended since crypto/tls said that it needs more, and may not have been read
	header int // bytes of a header that were seen
	size   int // of the record the header is of, as far as it is known
	left   int // bytes of its content that are to come
}

// fed takes ciphertext that follows what was fed before.
func (r *records) fed(p []byte) {
	for len(p) > 0 {
		if r.header < recordHeader {
			if r.header >= recordHeader-2 {
				r.size = r.size<<8 | int(p[0])
			}
			p = p[1:]
			if r.header++; r.header < recordHeader {
				continue
			}
			r.left = r.size
		}
		n := min(r.left, len(p))
		p = p[n:]
		if r.left -= n; r.left == 0 {
			*r = records{whole: r.whole + 1}
		}
	}
}
