package endpoint

import (
	"errors"
	"testing"
)

func TestUntrusted(t *testing.T) {
	servers := []struct {
		text   string
		offset int
		reason string // empty: permitted
	}{
		{"tcp:0:interface=127.0.0.1", 0, ""},
		{"udp6:0", 0, ""},
		{"unix:/x:mode=600", 0, ""},
		{"haproxy:tcp:0", 0, ""},
		{"stdio:", 0, "stdio endpoints are not permitted here"},
		{"fd:3", 0, "fd endpoints are not permitted here"},
		{"haproxy:fd:3", 8, "fd endpoints are not permitted here"},
		{"systemd:domain=INET:index=0", 0, "systemd endpoints are not permitted here"},
		{"ssl:1", 5, "privateKey names a file, which is not permitted here"},
		{"ssl:1:privateKey=/x", 17, "privateKey names a file, which is not permitted here"},
		{"tls:/x", 4, "path names a file, which is not permitted here"},
	}
	for _, test := range servers {
		_, err := ParseUntrustedServer(test.text)
		if test.reason != "" {
			wantError(t, test.text, err, test.offset, test.reason)
			if !errors.Is(err, ErrNotPermitted) {
				t.Errorf("%q: %v is not ErrNotPermitted", test.text, err)
			}
		} else if err != nil {
			t.Error(err)
		}
	}
	clients := []struct {
		text   string
		offset int
		reason string
	}{
		{"tls:a:1:alpn=h2", 0, ""},
		{"ssl:a:1:hostname=b", 0, ""},
		{"unix:/x", 0, ""},
		{`tls:a:1:endpoint=tcp\:b\:2`, 0, ""},
		{"tls:a:1:trustRoots=/x", 19, "trustRoots names a file, which is not permitted here"},
		{"tls:a:1:certificate=/x", 20, "certificate names a file, which is not permitted here"},
		{"tls:a:1:privateKey=/x", 19, "privateKey names a file, which is not permitted here"},
		{"ssl:a:1:caCertsDir=/x", 19, "caCertsDir names a file, which is not permitted here"},
		{"ssl:a:1:certKey=/x", 16, "certKey names a file, which is not permitted here"},
	}
	for _, test := range clients {
		_, err := ParseUntrustedClient(test.text)
		if test.reason != "" {
			wantError(t, test.text, err, test.offset, test.reason)
			if !errors.Is(err, ErrNotPermitted) {
				t.Errorf("%q: %v is not ErrNotPermitted", test.text, err)
			}
		} else if err != nil {
			t.Error(err)
		}
	}
	nested := `tls:a:1:endpoint=ssl\:b\:2\:caCertsDir\=/x`
	_, err := ParseUntrustedClient(nested)
	wantError(t, nested, err, 40, `endpoint "ssl:b:2:caCertsDir=/x": caCertsDir names a file, which is not permitted here`)
}
