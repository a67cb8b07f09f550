package addrclass

import (
	"net/netip"
	"testing"
)

func TestClasses(t *testing.T) {
	for text, want := range map[string]Class{
		"8.8.8.8":                  Public,
		"1.1.1.1":                  Public,
		"2606:4700:4700::1111":     Public,
		"127.0.0.1":                Loopback,
		"127.255.255.254":          Loopback,
		"0.0.0.0":                  Loopback,
		"0.1.2.3":                  Loopback,
		"::":                       Loopback,
		"::1":                      Loopback,
		"::ffff:127.0.0.1":         Loopback,
		"10.0.0.1":                 Private,
		"172.16.0.1":               Private,
		"172.31.255.255":           Private,
		"172.32.0.1":               Public,
		"192.168.1.1":              Private,
		"100.64.0.1":               Private,
		"::ffff:10.1.2.3":          Private,
		"fd00:ec2::254":            Private,
		"fec0::1":                  Private,
		"169.254.169.254":          LinkLocal,
		"::ffff:169.254.169.254":   LinkLocal,
		"fe80::1":                  LinkLocal,
		"fe80::1%eth0":             LinkLocal,
		"224.0.0.1":                Other,
		"255.255.255.255":          Other,
		"192.0.2.1":                Other,
		"198.18.0.1":               Other,
		"ff02::1":                  Other,
		"2001:db8::1":              Other,
		"64:ff9b::7f00:1":          Loopback,
		"64:ff9b::a9fe:a9fe":       LinkLocal,
		"64:ff9b::808:808":         Other,
		"64:ff9b:1::a00:1":         Private,
		"2002:7f00:1::":            Loopback,
		"2002:c0a8:101::1":         Private,
		"2001:0:1:2:3:4:80ff:fffe": Loopback, // Teredo carries the address inverted
		"::7f00:1":                 Loopback,
	} {
		if got := Of(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	if Of(netip.Addr{}) != Other {
		t.Error("the zero address is not refused")
	}
}
