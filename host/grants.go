package host

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/host/internal/addrclass"
)

// Grants are what a service's guest may do beyond talking to the peers that connect to it. The zero value grants
// nothing.
//
// Grants is a flag.Value: Set takes one grant at a time.
type Grants struct {
	Dial    []Pattern         // client endpoints it may connect to
	Listen  []Pattern         // server endpoints it may open
	Resolve []Pattern         // names it may look up; see [ParseName]
	Env     map[string]string // its environment variables
	Mounts  []Mount           // directories it may use
}

// Set adds one grant:
//
//	dial=PATTERN         see [ParsePattern]
//	listen=PATTERN       likewise; the host is the interface
//	resolve              every name
//	resolve=NAME         a name, or *.DOMAIN
//	env=NAME             a variable of this process
//	env=NAME=VALUE
//	mount=DIR:PATH       a directory, read only, as PATH in the guest
//	mount=DIR:PATH:rw    the same, writable
//
// The error says what is wrong.
func (g *Grants) Set(s string) error {
	kind, value, has := strings.Cut(s, "=")
	var err error
	switch {
	case kind == "resolve" && !has:
		return g.Set("resolve=*")
	case !has || value == "":
		return fmt.Errorf("grant %q: want dial=, listen=, resolve[=], env= or mount= and a value", s)
	case kind == "dial":
		g.Dial, err = appendPattern(g.Dial, value, ParsePattern)
	case kind == "listen":
		g.Listen, err = appendPattern(g.Listen, value, ParsePattern)
	case kind == "resolve":
		g.Resolve, err = appendPattern(g.Resolve, value, ParseName)
	case kind == "env":
		err = g.setEnv(value)
	case kind == "mount":
		var m Mount
		if m, err = ParseMount(value); err == nil {
			g.Mounts = append(g.Mounts, m)
		}
	default:
		err = fmt.Errorf("unknown kind %q (have dial, listen, resolve, env, mount)", kind)
	}
	if err != nil {
		return fmt.Errorf("grant %q: %w", s, err)
	}
	return nil
}

// String lists the grants in Set's form, separated by commas. Values of variables are left out.
func (g *Grants) String() string { return strings.Join(g.list(), ",") }

// Type implements the flag value of common command-line packages.
func (g *Grants) Type() string { return "grant" }

func (g *Grants) setEnv(s string) error {
	name, value, given := strings.Cut(s, "=")
	if !given {
		var ok bool
		if value, ok = os.LookupEnv(name); !ok {
			return fmt.Errorf("variable %s is not set", name)
		}
	}
	if name == "" || strings.ContainsRune(name+value, 0) {
		return fmt.Errorf("not a variable")
	}
	if g.Env == nil {
		g.Env = map[string]string{}
	}
	g.Env[name] = value
	return nil
}

func appendPattern(to []Pattern, s string, parse func(string) (Pattern, error)) ([]Pattern, error) {
	p, err := parse(s)
	if err != nil {
		return to, err
	}
	return append(to, p), nil
}

func (g *Grants) list() []string {
	var all []string
	for _, p := range g.Dial {
		all = append(all, "dial="+p.text)
	}
	for _, p := range g.Listen {
		all = append(all, "listen="+p.text)
	}
	for _, p := range g.Resolve {
		all = append(all, "resolve="+p.text)
	}
	for _, name := range sortedKeys(g.Env) {
		all = append(all, "env="+name)
	}
	for _, m := range g.Mounts {
		all = append(all, "mount="+m.String())
	}
	return all
}

// A Pattern is a set of endpoints: "SCHEME:HOST:PORT", "unix:PATH" or "unixgram:PATH".
type Pattern struct {
	text   string
	scheme string // tcp, tls, udp, unix, unixgram, *
	lo, hi uint16 // ports

	// One of these says which hosts: a name with an optional star in front, a range of addresses, a class of them,
	// or a path with an optional star behind.
	name   string
	prefix netip.Prefix
	class  addrclass.Class
}

var hostClasses = map[string]addrclass.Class{
	"loopback": addrclass.Loopback, "localhost": addrclass.Loopback,
	"private": addrclass.Private, "link-local": addrclass.LinkLocal,
}

// ParsePattern reads "SCHEME:HOST:PORT", "unix:PATH" or "unixgram:PATH" (streams and datagrams of UNIX sockets).
//
// SCHEME is tcp (TLS over it included), tls, udp or * for all three. PORT is a number, a range "8000-8999" or *.
// HOST is one of
//
//	example.org     that name, *.example.org for the names below it, * for all
//	192.0.2.7       an address, 192.0.2.0/24 or [2001:db8::]/32 for a range
//	loopback        this machine (localhost says the same), private or link-local for such addresses
//
// A name, and * too, covers public addresses only, whatever the name resolves to: addresses of this machine and its
// networks must be covered by an address, a range or a class as well. These in turn cover no names (but localhost), so
// a name that leads inside needs two patterns. PATH is absolute, or an abstract name with "@" in
// front; a star at its end stands for any rest.
func ParsePattern(s string) (Pattern, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return Pattern{}, fmt.Errorf("pattern %q: want SCHEME:HOST:PORT, unix:PATH or unixgram:PATH", s)
	}
	p := Pattern{text: s, scheme: scheme}
	switch scheme {
	case "unix", "unixgram":
		return p.withPath(rest)
	case "ssl":
		p.scheme = "tls"
	case "tcp", "tls", "udp", "*":
	default:
		return Pattern{}, fmt.Errorf("pattern %q: unknown scheme %q (have tcp, tls, udp, unix, unixgram, *)", s, scheme)
	}
	i := strings.LastIndexByte(rest, ':')
	if i < 0 {
		return Pattern{}, fmt.Errorf("pattern %q: the port is missing (* for any)", s)
	}
	if p.lo, p.hi, ok = parsePorts(rest[i+1:]); !ok {
		return Pattern{}, fmt.Errorf("pattern %q: port %q: want a number, a range or *", s, rest[i+1:])
	}
	return p.withHost(rest[:i])
}

// ParseName reads a pattern of names to be resolved: "example.org", "*.example.org" or "*".
func ParseName(s string) (Pattern, error) {
	p, err := Pattern{text: s, scheme: "*", hi: 65535}.withHost(s)
	if err == nil && p.name == "" {
		err = fmt.Errorf("pattern %q: want a name", s)
	}
	return p, err
}

func (p Pattern) withPath(s string) (Pattern, error) {
	if !strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "@") || s[0] == '/' && path.Clean(s) != strings.TrimRight(s, "/") {
		return p, fmt.Errorf("pattern %q: want an absolute path without . and .., or @ and an abstract name", p.text)
	}
	if i := strings.IndexByte(s, '*'); i >= 0 && i != len(s)-1 {
		return p, fmt.Errorf("pattern %q: a star stands at the end", p.text)
	}
	p.name = s
	return p, nil
}

func (p Pattern) withHost(s string) (Pattern, error) {
	plain := strings.NewReplacer("[", "", "]", "").Replace(s)
	if a, err := netip.ParseAddr(plain); err == nil {
		a = a.Unmap()
		p.prefix = netip.PrefixFrom(a.WithZone(""), a.BitLen())
		return p, nil
	}
	if r, err := netip.ParsePrefix(plain); err == nil {
		p.prefix = r.Masked()
		return p, nil
	}
	if c, ok := hostClasses[s]; ok {
		p.class = c
		return p, nil
	}
	p.name = canonicalName(s)
	bare := strings.TrimPrefix(strings.TrimPrefix(p.name, "*"), ".")
	if p.name == "" || p.name != "*" && bare == "" || strings.ContainsAny(bare, "*/: []@") ||
		strings.HasPrefix(p.name, "*") && p.name != "*" && !strings.HasPrefix(p.name, "*.") {
		return p, fmt.Errorf("pattern %q: host %q: want a name, *.DOMAIN, *, an address, a range, loopback, private or link-local",
			p.text, s)
	}
	return p, nil
}

func parsePorts(s string) (lo, hi uint16, ok bool) {
	if s == "*" {
		return 0, 65535, true
	}
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	a, err1 := strconv.ParseUint(first, 10, 16)
	b, err2 := strconv.ParseUint(last, 10, 16)
	return uint16(a), uint16(b), err1 == nil && err2 == nil && a <= b
}

func canonicalName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// String is the text the pattern was read from.
func (p Pattern) String() string { return p.text }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
