package dns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
	"github.com/wasmnet/wasmnet/modules/dns/zone"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
)

// Config is what a server knows and whom it asks.
type Config struct {
	// Zones are those that it answers for with authority.
	Zones []*zone.Zone
	// Upstreams are the servers that are asked about all other names, in this order. None: such queries are refused.
	Upstreams []netip.AddrPort
	// ForwardFor has the addresses for which the upstreams are asked. Nil: this machine's and those of private networks.
	ForwardFor []netip.Prefix
	// Transfer has the addresses that may have a whole zone (RFC 5936). Nil: none.
	Transfer []netip.Prefix
	// Timeouts are how long each upstream is waited for in the first, second, … round. Nil: 1 s, 3 s, 11 s and 45 s.
	Timeouts []time.Duration
	// CacheSize bounds the answers that are kept, in bytes. 0: 8 MiB.
	CacheSize int
	// MaxTTL and MaxNegativeTTL bound how long answers are kept, and answers that there is nothing. 0: a day, and three hours
	// (RFC 2308 section 5).
	MaxTTL, MaxNegativeTTL time.Duration
	// UDPSize is the longest response over UDP, in bytes, to who takes so much. 0: 1232, which no network has to fragment.
	UDPSize int
	// IdleTimeout is how long a connection without a query is kept. 0: 10 s.
	IdleTimeout time.Duration
}

const (
	defaultCacheSize      = 8 << 20
	defaultMaxTTL         = 24 * time.Hour
	defaultMaxNegativeTTL = 3 * time.Hour
	defaultUDPSize        = 1232
	defaultIdleTimeout    = 10 * time.Second
)

var (
	defaultTimeouts   = "1s 3s 11s 45s"
	defaultForwardFor = "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 fc00::/7 fe80::/10"
)

func (c Config) withDefaults() Config {
	if c.ForwardFor == nil {
		c.ForwardFor, _ = parsePrefixes(defaultForwardFor)
	}
	if c.Timeouts == nil {
		c.Timeouts, _ = parseTimeouts(defaultTimeouts)
	}
	orDefault(&c.CacheSize, defaultCacheSize)
	orDefault(&c.MaxTTL, defaultMaxTTL)
	orDefault(&c.MaxNegativeTTL, defaultMaxNegativeTTL)
	orDefault(&c.UDPSize, defaultUDPSize)
	orDefault(&c.IdleTimeout, defaultIdleTimeout)
	return c
}

func orDefault[T comparable](value *T, byDefault T) {
	if zero := *new(T); *value == zero {
		*value = byDefault
	}
}

// Configure reads a Config, zone files included; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{
		CacheSize:      s.Int("cache-size", defaultCacheSize, 1, 1<<30),
		MaxTTL:         s.Duration("max-ttl", defaultMaxTTL, time.Second),
		MaxNegativeTTL: s.Duration("max-negative-ttl", defaultMaxNegativeTTL, time.Second),
		UDPSize:        s.Int("udp-size", defaultUDPSize, message.MinSize, message.MaxSize),
		IdleTimeout:    s.Duration("idle-timeout", defaultIdleTimeout, time.Millisecond),
	}
	list := func(key, byDefault string, parse func(string) error) error {
		text := s.Text(key, byDefault)
		if err := parse(text); err != nil {
			return fmt.Errorf("%s=%q: %w", key, text, err)
		}
		return nil
	}
	var origin message.Name
	err := errors.Join(s.Err(),
		list("forward", "", func(text string) (err error) { c.Upstreams, err = parseAddresses(text); return err }),
		list("forward-for", defaultForwardFor, func(text string) (err error) { c.ForwardFor, err = parsePrefixes(text); return err }),
		list("transfer", "", func(text string) (err error) { c.Transfer, err = parsePrefixes(text); return err }),
		list("timeouts", defaultTimeouts, func(text string) (err error) { c.Timeouts, err = parseTimeouts(text); return err }),
		list("origin", "", func(text string) (err error) {
			if text != "" {
				origin, err = message.ParseName(text, message.Root)
			}
			return err
		}))
	if err != nil {
		return c, err
	}
	c.Zones, err = readZones(s.Text("zone", ""), strings.Fields(s.Text("zone-files", "")), origin)
	return c, err
}

// readZones reads the zone given as text, and files of granted mounts.
func readZones(text string, files []string, origin message.Name) ([]*zone.Zone, error) {
	var zones []*zone.Zone
	if text != "" {
		z, err := zone.Parse("zone", text, zone.Options{Origin: origin})
		if err != nil {
			return nil, err
		}
		zones = append(zones, z)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("zone-files: %w", err)
		}
		z, err := zone.Parse(file, string(text), zone.Options{Origin: origin, Include: func(name string) (string, error) {
			if !path.IsAbs(name) {
				name = path.Join(path.Dir(file), name)
			}
			text, err := os.ReadFile(name)
			return string(text), err
		}})
		if err != nil {
			return nil, err
		}
		zones = append(zones, z)
	}
	return zones, nil
}

// parseAddresses reads addresses with a port; without one it is 53.
func parseAddresses(text string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, word := range strings.Fields(text) {
		a, err := netip.ParseAddrPort(word)
		if err != nil {
			alone, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("%q: want addresses like 192.0.2.1, 192.0.2.1:5353 or [2001:db8::1]:53", word)
			}
			a = netip.AddrPortFrom(alone, 53)
		}
		all = append(all, a)
	}
	return all, nil
}

// parsePrefixes reads addresses and networks. The result is not nil.
func parsePrefixes(text string) ([]netip.Prefix, error) {
	all := []netip.Prefix{}
	for _, word := range strings.Fields(text) {
		p, err := netip.ParsePrefix(word)
		if err != nil {
			alone, err := netip.ParseAddr(word)
			if err != nil {
				return nil, fmt.Errorf("%q: want networks like 192.0.2.0/24, or addresses", word)
			}
			p = netip.PrefixFrom(alone, alone.BitLen())
		}
		all = append(all, p)
	}
	return all, nil
}

func parseTimeouts(text string) ([]time.Duration, error) {
	var all []time.Duration
	for _, word := range strings.Fields(text) {
		d, err := time.ParseDuration(word)
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("%q: want durations like 1s 3s", word)
		}
		all = append(all, d)
	}
	if len(all) == 0 {
		return nil, errors.New("want at least one duration")
	}
	return all, nil
}
