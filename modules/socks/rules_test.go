package socks

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestRules(t *testing.T) {
	f := &service{}
	for _, text := range []string{
		"deny *:25", "deny 10.6.6.0/24:*", "allow *.Example.org.:443", "allow example.org:80-81", "allow 10.0.0.0/8:*", "allow [2001:db8::]/32:80",
		"allow 2001:db9::1:80",
	} {
		r, err := ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		f.Rules = append(f.Rules, r)
	}
	for _, c := range []struct {
		name, addr string
		want       bool
	}{
		{"www.example.org", "192.0.2.1:443", true},
		{"WWW.EXAMPLE.ORG.", "192.0.2.1:443", true},
		{"a.b.example.org", "192.0.2.1:443", true},
		{"example.org", "192.0.2.1:443", false},
		{"example.org", "192.0.2.1:80", true},
		{"example.org", "192.0.2.1:81", true},
		{"example.org", "192.0.2.1:82", false},
		{"badexample.org", "192.0.2.1:443", false},
		{"www.example.org", "192.0.2.1:25", false},
		{"", "10.1.2.3:9", true},
		{"", "10.1.2.3:25", false},
		{"", "10.6.6.6:9", false},
		{"www.example.org", "10.6.6.6:443", false}, // a name does not lead around a range
		{"", "[::ffff:10.1.2.3]:9", true},
		{"", "[2001:db8::5]:80", true},
		{"", "[2001:db9::1]:80", true},
		{"", "192.0.2.1:443", false},
	} {
		if got := f.allows(c.name, netip.MustParseAddrPort(c.addr)); got != c.want {
			t.Errorf("%s %s: %v", c.name, c.addr, got)
		}
	}
	if !(&service{}).allows("", netip.MustParseAddrPort("192.0.2.1:1")) {
		t.Error("without rules not everything is allowed")
	}
}

func TestRulesThatAreRefused(t *testing.T) {
	for _, text := range []string{
		"", "allow", "allow *", "permit *:*", "allow *:x", "allow *:9-8", "allow :80", "allow a*b:80", "allow a/b:80", "allow *:65536",
	} {
		if r, err := ParseRule(text); err == nil || !strings.HasPrefix(err.Error(), "rule ") {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
	}
}

func FuzzParseRule(f *testing.F) {
	f.Add("allow *.example.org:443", "www.example.org")
	f.Add("deny [2001:db8::]/32:1-9", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		if r, err := ParseRule(text); err == nil {
			r.fits(name, netip.MustParseAddrPort("192.0.2.1:80"))
			if r.Low > r.High || r.Name == "" && !r.Prefix.IsValid() {
				t.Errorf("%q: %+v", text, r)
			}
		}
	})
}

func TestConfigure(t *testing.T) {
	values := map[string]string{
		"users": "ann:se:cret;bob:x", "rules": "deny *:25\nallow *:*", "commands": "connect;udp", "mode": "relay", "bind-address": "192.0.2.1",
		"bind-ports": "4000-4009", "timeout": "1s", "connect-timeout": "2s", "bind-timeout": "3s",
	}
	lookup := func(key string) (string, bool) { v, ok := values[key]; return v, ok }
	c, err := Configure(lookup)
	if err != nil || len(c.Users) != 2 || c.Users[0] != (User{"ann", "se:cret"}) || len(c.Rules) != 2 || len(c.Commands) != 2 || c.Mode != ModeRelay ||
		c.BindAddress.String() != "192.0.2.1" || c.BindLow != 4000 || c.BindHigh != 4009 ||
		c.Timeout != time.Second || c.ConnectTimeout != 2*time.Second || c.BindTimeout != 3*time.Second {
		t.Errorf("%+v, %v", c, err)
	}
	for key, value := range map[string]string{
		"rules": "allow all", "mode": "copy", "bind-address": "here", "bind-ports": "0-9", "timeout": "1ms",
	} {
		before := values[key]
		values[key] = value
		if _, err := Configure(lookup); err == nil || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", key, value, err)
		}
		values[key] = before
	}
	for name, c := range map[string]Config{
		"no password": {Users: []User{{"ann", ""}}}, "long name": {Users: []User{{strings.Repeat("x", 256), "y"}}}, "command": {Commands: []string{"dance"}},
		"mode": {Mode: "copy"}, "ports": {BindLow: 9, BindHigh: 8}, "timeout": {Timeout: -1},
	} {
		if _, err := New(nil, c); err == nil {
			t.Errorf("%s: %+v is taken", name, c)
		}
	}
}
