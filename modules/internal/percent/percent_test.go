package percent

import (
	"net/url"
	"testing"
)

// FuzzDecode holds Decode against net/url, which is too large for a small guest, and against Encode.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{"", "plain", "%41%7a%2F", "%", "%4", "%4g", "%g4", "100%", "%\x104", "a b%\x00\xff/~", "%%41", "\xff%ff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := url.PathUnescape(s)
		if got, ok := Decode(s); got != want || ok != (err == nil) {
			t.Errorf("%q: %q, %t; want %q, %v", s, got, ok, want, err)
		}
		if got, ok := Decode(Encode(s)); got != s || !ok {
			t.Errorf("%q is %q and then %q, %t", s, Encode(s), got, ok)
		}
	})
}
