package host

import (
	"net/netip"
	"path"
	"strings"

	"github.com/wasmnet/wasmnet/host/internal/addrclass"
)

// mayDial reports whether host, a name or an address in textual form, may be dialled. A name must be covered as such,
// by a pattern of names or by the grant to resolve it: looking a name up tells its name server something. The
// addresses it resolves to are asked about one by one with mayDialAddress.
func (g *Grants) mayDial(scheme, host string, port uint16) bool {
	addr, err := netip.ParseAddr(host)
	literal := err == nil
	resolves := !literal && g.mayResolve(host)
	for i := range g.Dial {
		p := &g.Dial[i]
		if !p.covers(scheme, port) {
			continue
		}
		if literal && p.matchesAddress(host, addr) || !literal && (resolves || p.matchesName(host)) {
			return true
		}
	}
	return false
}

// mayDialAddress reports whether a connection may go to addr, that host resolved to.
func (g *Grants) mayDialAddress(scheme, host string, addr netip.AddrPort) bool {
	for i := range g.Dial {
		if p := &g.Dial[i]; p.covers(scheme, addr.Port()) && p.matchesAddress(host, addr.Addr()) {
			return true
		}
	}
	return false
}

// mayListen reports whether a port may be opened on the interface with this address. Listening is on the operator's
// own machine, so a star covers every interface, and nothing less than a star, or that address itself, covers the
// address that stands for all of them.
func (g *Grants) mayListen(scheme string, on netip.AddrPort) bool {
	for i := range g.Listen {
		p := &g.Listen[i]
		if !p.covers(scheme, on.Port()) {
			continue
		}
		a := on.Addr()
		if p.name == "*" || p.matchesAddress("", a) && (!a.IsUnspecified() || p.prefix.IsSingleIP()) {
			return true
		}
	}
	return false
}

// mayUsePath reports whether a UNIX socket is covered: scheme is unix or unixgram.
func mayUsePath(patterns []Pattern, scheme, name string) bool {
	if strings.HasPrefix(name, "/") && path.Clean(name) != name {
		return false
	}
	for i := range patterns {
		p := &patterns[i]
		if p.scheme != scheme {
			continue
		}
		if rest, star := strings.CutSuffix(p.name, "*"); name == p.name || star && strings.HasPrefix(name, rest) {
			return true
		}
	}
	return false
}

func (g *Grants) mayResolve(host string) bool {
	for i := range g.Resolve {
		if g.Resolve[i].matchesName(host) {
			return true
		}
	}
	return false
}

// isPath reports whether the pattern is one of UNIX sockets.
func (p *Pattern) isPath() bool { return p.scheme == "unix" || p.scheme == "unixgram" }

// covers compares scheme (tcp, tls or udp) and port.
func (p *Pattern) covers(scheme string, port uint16) bool {
	switch {
	case p.isPath():
		return false
	case p.scheme == "*":
	case p.scheme == "tcp":
		if scheme != "tcp" && scheme != "tls" {
			return false
		}
	default:
		if scheme != p.scheme {
			return false
		}
	}
	return p.lo <= port && port <= p.hi
}

func (p *Pattern) matchesName(host string) bool {
	if p.name == "*" {
		return true
	}
	host = canonicalName(host)
	if p.class == addrclass.Loopback && host == "localhost" {
		return true
	}
	if domain, star := strings.CutPrefix(p.name, "*"); star {
		return strings.HasSuffix(host, domain) && len(host) > len(domain)
	}
	return p.name != "" && host == p.name
}

// matchesAddress reports whether the pattern covers addr when host was asked for.
func (p *Pattern) matchesAddress(host string, addr netip.Addr) bool {
	addr = addr.WithZone("").Unmap()
	class := addrclass.Of(addr)
	switch {
	case p.prefix.IsValid():
		return p.prefix.Contains(addr)
	case p.class != addrclass.Public:
		return class == p.class
	}
	return class == addrclass.Public && p.matchesName(host)
}

// missing lists what asks has and g does not cover, in Set's form.
func (g *Grants) missing(asks *Grants) []string {
	var out []string
	add := func(kind string, asked, granted []Pattern) {
		for i := range asked {
			if !anyCovers(granted, &asked[i]) {
				out = append(out, kind+"="+asked[i].text)
			}
		}
	}
	add("dial", asks.Dial, g.Dial)
	add("listen", asks.Listen, g.Listen)
	add("resolve", asks.Resolve, g.Resolve)
	return out
}

func anyCovers(granted []Pattern, ask *Pattern) bool {
	for i := range granted {
		p := &granted[i]
		if p.text == ask.text {
			return true
		}
		scheme := p.scheme == ask.scheme || p.scheme == "*" && !ask.isPath() || p.scheme == "tcp" && ask.scheme == "tls"
		if !scheme || p.lo > ask.lo || p.hi < ask.hi {
			continue
		}
		switch {
		case p.isPath():
			if rest, star := strings.CutSuffix(p.name, "*"); star && strings.HasPrefix(ask.name, rest) {
				return true
			}
		case p.prefix.IsValid():
			if ask.prefix.IsValid() && p.prefix.Bits() <= ask.prefix.Bits() && p.prefix.Contains(ask.prefix.Addr()) {
				return true
			}
		case p.class != addrclass.Public:
			if p.class == ask.class {
				return true
			}
		case ask.name != "" && p.matchesName(strings.TrimPrefix(ask.name, "*.")) && (p.name == "*" || ask.name[0] != '*'):
			return true
		}
	}
	return false
}
