package host

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/abi"
)

// A Manifest is what a module says about itself, in JSON, in its custom section wasmnet.manifest. The operator grants;
// asking grants nothing.
type Manifest struct {
	Name         string            `json:"name,omitempty"`
	Version      string            `json:"version,omitempty"`
	Description  string            `json:"description,omitempty"`
	ABI          string            `json:"abi,omitempty"`       // empty or wasmnet_v1
	Isolation    string            `json:"isolation,omitempty"` // connection, loop or service
	Capabilities Capabilities      `json:"capabilities,omitzero"`
	Config       []ConfigKey       `json:"config,omitempty"`
	Limits       map[string]string `json:"limits,omitempty"` // what it needs, by name
}

// Capabilities are the grants a module asks for. Patterns are in the form of [ParsePattern].
type Capabilities struct {
	Dial    []string `json:"dial,omitempty"`
	Listen  []string `json:"listen,omitempty"`
	Resolve bool     `json:"resolve,omitempty"`
	KV      bool     `json:"kv,omitempty"`
	Bus     bool     `json:"bus,omitempty"`
}

// A ConfigKey describes one key of a module's configuration.
type ConfigKey struct {
	Key     string `json:"key"`
	Type    string `json:"type,omitempty"` // string, int, bool, duration, size; string where it is empty
	Default string `json:"default,omitempty"`
	Help    string `json:"help,omitempty"`
}

const maxManifest = 64 * kib

// parseManifest reads a manifest strictly: an unknown member is an error, since a misspelt one would otherwise be lost
// without a word.
func parseManifest(section []byte) (*Manifest, error) {
	if len(section) > maxManifest {
		return nil, fmt.Errorf("manifest: %d bytes, at most %d", len(section), maxManifest)
	}
	m := &Manifest{}
	d := json.NewDecoder(bytes.NewReader(section))
	d.DisallowUnknownFields()
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("manifest: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("manifest: more than one JSON value")
	}
	if err := m.check(); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return m, nil
}

func (m *Manifest) check() error {
	if m.Name != "" && !validName(m.Name) {
		return fmt.Errorf("name %q: want 1 to 64 letters of a-z, digits, and -_. only", printable(m.Name))
	}
	if m.ABI != "" && m.ABI != abi.Version {
		return fmt.Errorf("abi %q: this host offers %s", m.ABI, abi.Version)
	}
	if m.Isolation != "" {
		if _, err := ParseIsolation(m.Isolation); err != nil {
			return err
		}
	}
	if _, err := m.grants(); err != nil {
		return err
	}
	if _, err := m.limits(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range m.Config {
		switch err := k.check(k.Default); {
		case k.Key == "" || len(k.Key) > maxConfigKey:
			return fmt.Errorf("config: key %q: want 1 to %d bytes", printable(k.Key), maxConfigKey)
		case strings.HasPrefix(k.Key, "wasmnet."):
			return fmt.Errorf("config %s: keys that begin with wasmnet. belong to the host", k.Key)
		case seen[k.Key]:
			return fmt.Errorf("config %s: described twice", k.Key)
		case err != nil:
			return fmt.Errorf("config %s: default: %w", k.Key, err)
		}
		seen[k.Key] = true
	}
	return nil
}

func validName(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	}) < 0
}

// check reports whether value is of the key's type; an empty one is of every type.
func (k ConfigKey) check(value string) error {
	var err error
	switch k.Type {
	case "", "string":
	case "int":
		_, err = strconv.ParseInt(value, 10, 64)
	case "bool":
		_, err = strconv.ParseBool(value)
	case "duration":
		_, err = time.ParseDuration(value)
	case "size":
		_, err = parseSize(value)
	default:
		return fmt.Errorf("type %q: want string, int, bool, duration or size", printable(k.Type))
	}
	if err != nil && value != "" {
		return fmt.Errorf("%q is not of type %s", printable(value), k.Type)
	}
	return nil
}

// isolation is the module's default.
func (m *Manifest) isolation() Isolation {
	if i, err := ParseIsolation(m.Isolation); err == nil {
		return i
	}
	return PerConnection
}

// grants are the grants the module asks for.
func (m *Manifest) grants() (Grants, error) {
	var g Grants
	for _, text := range m.Capabilities.Dial {
		if err := g.Set("dial=" + text); err != nil {
			return g, err
		}
	}
	for _, text := range m.Capabilities.Listen {
		if err := g.Set("listen=" + text); err != nil {
			return g, err
		}
	}
	if m.Capabilities.Resolve {
		return g, g.Set("resolve")
	}
	return g, nil
}

// limits are those the module says it needs.
func (m *Manifest) limits() (Limits, error) {
	var l Limits
	for _, name := range sortedKeys(m.Limits) {
		if err := l.set(name, m.Limits[name]); err != nil {
			return l, err
		}
	}
	return l, nil
}

// unmet lists what the module asks for and does not get, in the form of the Set methods.
func (m *Manifest) unmet(g *Grants, l *Limits) []string {
	asks, _ := m.grants() // checked when the manifest was read
	list := g.missing(&asks)
	if m.Capabilities.KV {
		list = append(list, "kv")
	}
	if m.Capabilities.Bus {
		list = append(list, "bus")
	}
	needs, _ := m.limits()
	for _, lim := range limitTable {
		need, have := *lim.field(&needs), *lim.field(l)
		if need != 0 && have != Unlimited && (need == Unlimited || need > have) {
			list = append(list, lim.name+"="+lim.format(need))
		}
	}
	return list
}

// configuration is the service's configuration with the manifest's defaults under it, or an error that names the key
// whose value is not of its type, or that the module does not have.
func (m *Manifest) configuration(given map[string]string) (map[string]string, error) {
	all := map[string]string{}
	known := map[string]ConfigKey{}
	for _, k := range m.Config {
		known[k.Key] = k
		if k.Default != "" {
			all[k.Key] = k.Default
		}
	}
	for _, name := range sortedKeys(given) {
		key, ok := known[name]
		if !ok && len(known) > 0 && !strings.HasPrefix(name, "wasmnet.") {
			return nil, fmt.Errorf("configuration %s: unknown key (have %s)", name, strings.Join(sortedKeys(known), ", "))
		}
		if err := key.check(given[name]); err != nil {
			return nil, fmt.Errorf("configuration %s: %w", name, err)
		}
		all[name] = given[name]
	}
	return all, nil
}
