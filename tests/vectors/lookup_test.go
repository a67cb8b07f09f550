package vectors

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func init() {
	players["finger"] = func(c *testCase) (*script, error) { return c.lookup("finger", nil) }
	players["ident"] = func(c *testCase) (*script, error) { return c.lookup("ident", identSettings) }
	players["postfix-tcpmap"] = func(c *testCase) (*script, error) { return c.lookup("tcpmap", tcpmapSettings) }
}

// lookup plays a module that answers from what it was configured with; settings turns a setup into its configuration.
func (c *testCase) lookup(module string, settings func(key string, value any) (map[string]string, error)) (*script, error) {
	if c.Role != "server" || settings == nil && len(c.Setup) > 0 {
		return nil, fmt.Errorf("role %q with setup %v cannot be played", c.Role, c.Setup)
	}
	want, err := c.wants("output", "close")
	s := &script{module: module, config: map[string]string{}, want: want, observe: observeFraming}
	for key, value := range c.Setup {
		more, err := settings(key, value)
		if err != nil {
			return nil, err
		}
		maps.Copy(s.config, more)
	}
	return s, err
}

// identErrors are the errors that a lookup may raise; anything else that it raises is the unknown one.
var identErrors = []string{"INVALID-PORT", "NO-USER", "HIDDEN-USER"}

// identSettings has every query answered with what the case's lookup gives: "SYSTEM,USER" or "raise ERROR".
func identSettings(key string, value any) (map[string]string, error) {
	text, ok := value.(string)
	if key != "lookup" || !ok {
		return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
	}
	if name, raised := strings.CutPrefix(text, "raise "); raised {
		if text = strings.TrimSpace(name); !slices.Contains(identErrors, text) {
			text = "UNKNOWN-ERROR"
		}
	}
	return map[string]string{"default": text}, nil
}

// tcpmapSettings writes a case's map, in which control characters are escaped, as the module's.
func tcpmapSettings(key string, value any) (map[string]string, error) {
	entries, ok := value.(map[string]any)
	if key != "map" || !ok {
		return nil, fmt.Errorf("setup %s = %v cannot be played", key, value)
	}
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		text, ok := entries[name].(string)
		if !ok {
			return nil, fmt.Errorf("setup %s: %s = %v cannot be played", key, name, entries[name])
		}
		fmt.Fprintf(&lines, "%s %s\n", url.PathEscape(unescape(name)), url.PathEscape(unescape(text)))
	}
	return map[string]string{"map": lines.String()}, nil
}

// unescape gives text with escapes such as \r the characters that they stand for. Text that is not escaped stays.
func unescape(text string) string {
	if plain, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`); err == nil {
		return plain
	}
	return text
}
