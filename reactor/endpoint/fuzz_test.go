package endpoint

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"", "tcp:80", "tcp:80:interface=127.0.0.1:backlog=3", `tcp6:0:interface=\:\:1`, "unix:/x:mode=660:lockfile=0",
		`unix:a\:b\=c\\d`, "haproxy:tcp:80", "haproxy:haproxy:", "stdio:", "fd:3", "unixgram:/x:bindAddress=@y:mode=600", "systemd:domain=INET:index=0",
		"tcp:example.com:80:timeout=3", `udp:\:\:1:53`, "a:b=c=d", `\`, "=", "::",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, _, err := Parse(text); err != nil {
			holdError(t, text, err)
		}
		if namesFiles(text) {
			return
		}
		if s, err := ParseServer(text); err != nil {
			holdError(t, text, err)
		} else if again, err := ParseServer(s.Text); err != nil || again.Text != s.Text || again.Address != s.Address {
			t.Errorf("server %q is %q in canonical form, which gives %+v, %v", text, s.Text, again, err)
		}
		if c, err := ParseClient(text); err != nil {
			holdError(t, text, err)
		} else if again, err := ParseClient(c.Text); err != nil || again.Text != c.Text || again.Address() != c.Address() {
			t.Errorf("client %q is %q in canonical form, which gives %+v, %v", text, c.Text, again, err)
		}
	})
}

// namesFiles reports whether parsing text may open a file, which need not be the test's.
func namesFiles(text string) bool {
	fields, _ := split(text)
	return slices.ContainsFunc(fields, func(f field) bool {
		return f.value == "ssl" || f.value == "tls"
	})
}

// holdError holds the error to point into the text, where a caret can be put.
func holdError(t *testing.T, text string, err error) {
	perr, ok := err.(*ParseError)
	switch {
	case !ok:
		t.Errorf("%q: error %v is no *ParseError", text, err)
	case perr.Offset < 0 || perr.Offset > len(perr.Text) || perr.Reason == "":
		t.Errorf("%q: error at %d: %q", text, perr.Offset, perr.Reason)
	case strings.Count(perr.Caret(), "\n") != 1:
		t.Errorf("%q: caret %q", text, perr.Caret())
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a", ":", "=", `\`, `a:b=c\`, "é\x00"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a)+len(b) > maxText/4 {
			return
		}
		text := "t:" + Quote(a) + ":" + Quote(a) + "=" + Quote(b)
		args, kwargs, err := Parse(text)
		if err != nil || len(args) != 2 || args[1] != a || len(kwargs) != 1 || kwargs[a] != b {
			t.Errorf("Parse(%q) = %q, %q, %v", text, args, kwargs, err)
		}
	})
}
