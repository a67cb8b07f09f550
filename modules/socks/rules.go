package socks

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Rule allows or denies some destinations.
type Rule struct {
	Allow bool
	// Name is a name, "*.DOMAIN" for the names below one, or "*" for every destination. Empty: Prefix says which
	// addresses, also of names.
	Name   string
	Prefix netip.Prefix
	// Low and High are the ports, both included.
	Low, High uint16
}

// ParseRule reads "allow HOST:PORT" or "deny HOST:PORT". HOST is a name, *.DOMAIN, an address, a range such as
// 192.0.2.0/24 or [2001:db8::]/32, or *; PORT is a number, a range or *.
func ParseRule(text string) (Rule, error) {
	r := Rule{}
	wrong := func(what string) (Rule, error) { return r, fmt.Errorf("rule %q: %s", text, what) }
	word, rest, _ := strings.Cut(text, " ")
	if r.Allow = word == "allow"; !r.Allow && word != "deny" {
		return wrong("want allow or deny first")
	}
	rest = strings.TrimSpace(rest)
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return wrong("want HOST:PORT")
	}
	ok := false
	if r.Low, r.High, ok = parsePorts(rest[colon+1:]); !ok {
		return wrong("want a port, LOW-HIGH or * after the last colon")
	}
	host := strings.NewReplacer("[", "", "]", "").Replace(rest[:colon])
	if a, err := netip.ParseAddr(host); err == nil {
		a = a.Unmap()
		r.Prefix = netip.PrefixFrom(a, a.BitLen())
		return r, nil
	}
	if p, err := netip.ParsePrefix(host); err == nil {
		r.Prefix = p.Masked()
		return r, nil
	}
	r.Name = canonical(host)
	if bare := strings.TrimPrefix(r.Name, "*."); r.Name != "*" && (bare == "" || strings.ContainsAny(bare, "*:/ ")) {
		return wrong("want a name, *.DOMAIN, an address, a range of addresses or * before the last colon")
	}
	return r, nil
}

// fits reports whether the rule is about addr, to which name led if it is not empty.
func (r *Rule) fits(name string, addr netip.AddrPort) bool {
	switch {
	case addr.Port() < r.Low || addr.Port() > r.High:
		return false
	case r.Name == "":
		return r.Prefix.Contains(addr.Addr().Unmap())
	case r.Name == "*":
		return true
	}
	name = canonical(name)
	if domain, below := strings.CutPrefix(r.Name, "*"); below {
		return strings.HasSuffix(name, domain) && len(name) > len(domain)
	}
	return name == r.Name
}

func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

func parsePorts(text string) (low, high uint16, ok bool) {
	if text == "*" {
		return 0, 65535, true
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	return uint16(a), uint16(b), err1 == nil && err2 == nil && a <= b
}
