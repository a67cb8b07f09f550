package host

import (
	"net/netip"
	"strings"
	"testing"
)

func granted(t *testing.T, texts ...string) *Grants {
	t.Helper()
	g := &Grants{}
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestDialGrants(t *testing.T) {
	for _, c := range []struct {
		grant, scheme, host, addr string // addr: what host resolves to, with the port
		name, address             bool
	}{
		{"dial=tcp:*:80", "tcp", "example.org", "8.8.8.8:80", true, true},
		{"dial=tcp:*:80", "tls", "example.org", "8.8.8.8:80", true, true},
		{"dial=tcp:*:80", "udp", "example.org", "8.8.8.8:80", false, false},
		{"dial=tcp:*:80", "tcp", "example.org", "8.8.8.8:81", false, false},
		{"dial=tcp:*:80", "tcp", "example.org", "127.0.0.1:80", true, false},
		{"dial=tcp:*:80", "tcp", "example.org", "10.0.0.1:80", true, false},
		{"dial=tcp:*:80", "tcp", "example.org", "169.254.169.254:80", true, false},
		{"dial=tcp:*:80", "tcp", "example.org", "[::ffff:169.254.169.254]:80", true, false},
		{"dial=tcp:*:80", "tcp", "127.0.0.1", "127.0.0.1:80", false, false},
		{"dial=tcp:*:80", "tcp", "0.0.0.0", "0.0.0.0:80", false, false},
		{"dial=tls:*:443", "tcp", "example.org", "8.8.8.8:443", false, false},
		{"dial=ssl:*:443", "tls", "example.org", "8.8.8.8:443", true, true},
		{"dial=*:*:*", "udp", "example.org", "8.8.8.8:53", true, true},
		{"dial=tcp:*.example.org:*", "tcp", "a.b.EXAMPLE.org.", "8.8.8.8:1", true, true},
		{"dial=tcp:*.example.org:*", "tcp", "example.org", "8.8.8.8:1", false, false},
		{"dial=tcp:*.example.org:*", "tcp", "badexample.org", "8.8.8.8:1", false, false},
		{"dial=tcp:example.org:1-1023", "tcp", "example.org", "8.8.8.8:1023", true, true},
		{"dial=tcp:example.org:1-1023", "tcp", "example.org", "8.8.8.8:1024", false, false},
		{"dial=tcp:192.0.2.0/24:*", "tcp", "192.0.2.9", "192.0.2.9:1", true, true},
		{"dial=tcp:192.0.2.0/24:*", "tcp", "example.org", "192.0.2.9:1", false, true}, // nobody granted the name
		{"dial=tcp:[2001:db8::]/32:*", "tcp", "2001:db8::1", "[2001:db8::1]:1", true, true},
		{"dial=tcp:[::1]:*", "tcp", "::1", "[::1]:1", true, true},
		{"dial=tcp:127.0.0.1:*", "tcp", "::ffff:127.0.0.1", "127.0.0.1:1", true, true},
		{"dial=tcp:loopback:*", "tcp", "127.0.0.1", "127.0.0.1:1", true, true},
		{"dial=tcp:localhost:*", "tcp", "localhost", "127.0.0.1:1", true, true},
		{"dial=tcp:localhost:*", "tcp", "localhost", "10.0.0.1:1", true, false},
		{"dial=tcp:private:*", "tcp", "10.1.2.3", "10.1.2.3:1", true, true},
		{"dial=tcp:private:*", "tcp", "127.0.0.1", "127.0.0.1:1", false, false},
		{"dial=tcp:link-local:*", "tcp", "169.254.169.254", "169.254.169.254:1", true, true},
		{"dial=unix:/run/*", "tcp", "example.org", "8.8.8.8:1", false, false},
	} {
		g := granted(t, c.grant)
		to := netip.MustParseAddrPort(c.addr)
		if got := g.mayDial(c.scheme, c.host, to.Port()); got != c.name {
			t.Errorf("%s: dial %s:%s: %v", c.grant, c.scheme, c.host, got)
		}
		if got := g.mayDialAddress(c.scheme, c.host, to); got != c.address {
			t.Errorf("%s: dial %s:%s at %s: %v", c.grant, c.scheme, c.host, c.addr, got)
		}
	}
	// Two patterns together: the name, and where it leads.
	g := granted(t, "dial=tcp:db.internal:5432", "dial=tcp:10.0.0.0/8:5432")
	if at := netip.MustParseAddrPort("10.0.0.5:5432"); !g.mayDial("tcp", "db.internal", 5432) || !g.mayDialAddress("tcp", "db.internal", at) {
		t.Error("a name that leads inside, with both granted, is refused")
	}
	if (&Grants{}).mayDial("tcp", "example.org", 80) {
		t.Error("nothing granted, and a name may be dialled")
	}
}

func TestListenGrants(t *testing.T) {
	for _, c := range []struct {
		grant, scheme, on string
		want              bool
	}{
		{"listen=tcp:*:8000-8010", "tcp", "0.0.0.0:8005", true},
		{"listen=tcp:*:8000-8010", "tcp", "[::]:8011", false},
		{"listen=tcp:loopback:*", "tcp", "127.0.0.1:0", true},
		{"listen=tcp:loopback:*", "tcp", "0.0.0.0:0", false}, // all interfaces are more than loopback
		{"listen=tcp:loopback:*", "tcp", "[::]:0", false},
		{"listen=tcp:0.0.0.0:80", "tcp", "0.0.0.0:80", true},
		{"listen=tcp:0.0.0.0/0:80", "tcp", "0.0.0.0:80", false},
		{"listen=udp:127.0.0.1:53", "udp", "127.0.0.1:53", true},
		{"listen=udp:127.0.0.1:53", "tcp", "127.0.0.1:53", false},
	} {
		if got := granted(t, c.grant).mayListen(c.scheme, netip.MustParseAddrPort(c.on)); got != c.want {
			t.Errorf("%s: listen %s:%s: %v", c.grant, c.scheme, c.on, got)
		}
	}
}

func TestPathGrants(t *testing.T) {
	g := granted(t, "dial=unix:/run/app/*", "dial=unix:/run/one.sock", "dial=unix:@abs*", "dial=tcp:*:*", "dial=*:*:*",
		"dial=unixgram:/run/log")
	for name, want := range map[string]bool{
		"/run/app/x.sock": true, "/run/one.sock": true, "@abstract": true,
		"/run/two.sock": false, "/run/app/../two.sock": false, "/run//app/x": false, "run/app/x": false, "": false, "@other": false,
	} {
		if got := mayUsePath(g.Dial, "unix", name); got != want {
			t.Errorf("unix:%s: %v", name, got)
		}
	}
	for name, want := range map[string]bool{"/run/log": true, "/run/one.sock": false, "/run/./log": false} {
		if got := mayUsePath(g.Dial, "unixgram", name); got != want {
			t.Errorf("unixgram:%s: %v", name, got)
		}
	}
}

func TestGrantsThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "want dial=, listen=, resolve[=], env= or mount= and a value",
		"dial":                  "and a value",
		"fly=tcp:*:1":           `unknown kind "fly"`,
		"dial=tcp":              "want SCHEME:HOST:PORT, unix:PATH or unixgram:PATH",
		"dial=tcp:host":         "the port is missing",
		"dial=http:*:80":        `unknown scheme "http"`,
		"dial=tcp:*:70000":      `port "70000"`,
		"dial=tcp:*:9-8":        `port "9-8"`,
		"dial=tcp::80":          `host ""`,
		"dial=tcp:a*:80":        `host "a*"`,
		"dial=tcp:*a.org:80":    `host "*a.org"`,
		"dial=tcp:1.2.3.4/x:80": `host "1.2.3.4/x"`,
		"dial=unix:run/x":       "absolute path",
		"dial=unix:/run/../x":   "absolute path",
		"dial=unix:/a*b":        "a star stands at the end",
		"dial=unixgram:x":       "absolute path",
		"resolve=127.0.0.1":     "want a name",
		"env=":                  "and a value",
		"env=SURELY_NOT_SET_X":  "variable SURELY_NOT_SET_X is not set",
		"env==x":                "not a variable",
	} {
		var g Grants
		if err := g.Set(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestGrantsAreListed(t *testing.T) {
	g := granted(t, "dial=tcp:*:80", "listen=tcp:loopback:*", "resolve", "env=B=secret", "env=A=1")
	if got, want := g.String(), "dial=tcp:*:80,listen=tcp:loopback:*,resolve=*,env=A,env=B"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		has, asks string
		missing   bool
	}{
		{"dial=tcp:*:*", "dial=tcp:example.org:80", false},
		{"dial=tcp:*:*", "dial=tls:example.org:80", false},
		{"dial=tls:*:*", "dial=tcp:example.org:80", true},
		{"dial=*:*:*", "dial=udp:example.org:53", false},
		{"dial=tcp:*.org:*", "dial=tcp:*.example.org:80", true}, // a star for a star is not looked into
		{"dial=tcp:*:80", "dial=tcp:*:80-81", true},
		{"dial=tcp:*:*", "dial=tcp:10.0.0.1:80", true},
		{"dial=tcp:10.0.0.0/8:*", "dial=tcp:10.1.0.0/16:80", false},
		{"dial=tcp:10.1.0.0/16:*", "dial=tcp:10.0.0.0/8:80", true},
		{"dial=tcp:loopback:*", "dial=tcp:localhost:80", false},
		{"dial=unix:/run/*", "dial=unix:/run/x", false},
		{"dial=unix:/run/x", "dial=unix:/run/*", true},
		{"dial=unixgram:/run/*", "dial=unixgram:/run/x", false},
		{"dial=unix:/run/*", "dial=unixgram:/run/x", true},
		{"dial=*:*:*", "dial=unixgram:/run/x", true},
		{"resolve=*", "resolve=example.org", false},
		{"resolve=example.org", "resolve=*", true},
	} {
		if got := len(granted(t, c.has).missing(granted(t, c.asks))) > 0; got != c.missing {
			t.Errorf("%s for %s: missing %v", c.has, c.asks, got)
		}
	}
}
