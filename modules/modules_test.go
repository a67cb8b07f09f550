package modules

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/amp"
	"github.com/wasmnet/wasmnet/modules/builtin"
	appmodules "github.com/wasmnet/wasmnet/modules/builtin/app"
	"github.com/wasmnet/wasmnet/modules/builtin/servers"
	wiremodules "github.com/wasmnet/wasmnet/modules/builtin/wire"
	"github.com/wasmnet/wasmnet/modules/chat"
	"github.com/wasmnet/wasmnet/modules/daytime"
	"github.com/wasmnet/wasmnet/modules/framing"
	"github.com/wasmnet/wasmnet/modules/get"
	"github.com/wasmnet/wasmnet/modules/qotd"
	"github.com/wasmnet/wasmnet/modules/redis"
	"github.com/wasmnet/wasmnet/modules/web"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// looksUp returns the keys that a module looks up in a configuration that has none.
func looksUp(t *testing.T, build builtin.Builder) []string {
	t.Helper()
	keys := map[string]bool{}
	if _, err := build(reactortest.NewStringTransport().Reactor(), func(key string) (string, bool) {
		keys[key] = true
		return "", false
	}); err != nil {
		t.Errorf("nothing configured: %v", err)
	}
	return slices.Sorted(maps.Keys(keys))
}

func TestManifestsListWhatIsRead(t *testing.T) {
	reads := map[string][]string{}
	for b, builders := range map[*bundle]map[string]builtin.Builder{wire: wiremodules.Modules, app: appmodules.Modules} {
		for name, build := range builders {
			reads[name] = looksUp(t, build)
			if m, _ := Find(name); m.bundle != b {
				t.Errorf("%s: not in its bundle", name)
			}
		}
	}
	for name, build := range servers.Net {
		reads[name] = looksUp(t, func(_ protocol.Reactor, lookup func(string) (string, bool)) (protocol.Factory, error) {
			_, err := build(func(key string) (string, bool) {
				if value, ok := lookup(key); ok || key != "upstream" {
					return value, ok
				}
				return "http://example.org", true // it is required
			}, servers.Dialers{})
			return nil, err
		})
		if m, _ := Find(name); m.bundle != networked {
			t.Errorf("%s: not in its bundle", name)
		}
	}
	var names []string
	for _, m := range All() {
		names = append(names, m.Name)
		var keys []string
		for _, s := range m.Config {
			keys = append(keys, s.Key)
			if s.Help == "" || s.Type == "" {
				t.Errorf("%s: %s has no help or no type", m.Name, s.Key)
			}
		}
		slices.Sort(keys)
		if !slices.Equal(keys, reads[m.Name]) {
			t.Errorf("%s: the manifest has the keys %q, the module reads %q", m.Name, keys, reads[m.Name])
		}
		if m.Description == "" || m.Isolation == "" {
			t.Errorf("%s: no description or no isolation", m.Name)
		}
	}
	if want := slices.Sorted(maps.Keys(reads)); !slices.Equal(names, want) {
		t.Errorf("modules %q, want %q", names, want)
	}
}

func TestDefaultsOfManifestsAreTheModules(t *testing.T) {
	defaults := func(name string) func(string) (string, bool) {
		m, ok := Find(name)
		if !ok {
			t.Fatalf("no module %s", name)
		}
		return func(key string) (string, bool) {
			i := slices.IndexFunc(m.Config, func(s Setting) bool { return s.Key == key })
			return m.Config[i].Default, m.Config[i].Default != ""
		}
	}
	none := func(string) (string, bool) { return "", false }
	same(t, "chat", chat.Configure, defaults("chat"), none)
	same(t, "amp", amp.Configure, defaults("amp"), none)
	same(t, "redis", redis.Configure, defaults("redis"), none)
	same(t, "daytime", daytime.Configure, defaults("daytime"), none)
	same(t, "get", get.Configure, defaults("get"), none)
	x, _ := web.Configure(defaults("web"))
	if y, _ := web.Configure(none); !reflect.DeepEqual(x, y) {
		t.Errorf("web: %+v by the manifest, %+v by the module", x, y)
	}
	a, _ := framing.Configure(defaults("framing"))
	if b, _ := framing.Configure(none); a.Framing != b.Framing || a.App != b.App {
		t.Errorf("framing: %+v by the manifest, %+v by the module", a, b)
	}
	q, _ := qotd.Configure(defaults("qotd"))
	if len(q.Quotes) != 1 || q.Quotes[0] != qotd.DefaultQuote {
		t.Errorf("qotd: %q by the manifest, %q by the module", q.Quotes, qotd.DefaultQuote)
	}
}

func same[C comparable](t *testing.T, name string, configure func(func(string) (string, bool)) (C, error),
	a, b func(string) (string, bool)) {
	t.Helper()
	x, errX := configure(a)
	y, errY := configure(b)
	if x != y || errX != nil || errY != nil {
		t.Errorf("%s: %+v (%v) by the manifest, %+v (%v) by the module", name, x, errX, y, errY)
	}
}

func TestFind(t *testing.T) {
	m, ok := Find("chat")
	if !ok || m.Isolation != "service" || m.Settings()[Key] != "chat" {
		t.Errorf("chat: %+v, %v", m, ok)
	}
	if _, ok := Find("builtin"); ok {
		t.Error("there is a module called builtin")
	}
}

// Every module's README has the same headings, and README.md a row for each.
func TestREADMEs(t *testing.T) {
	table, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range All() {
		text, err := os.ReadFile(filepath.Join(m.Name, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		asks := "-"
		if len(m.Grants) > 0 {
			asks = "`" + strings.Join(m.Grants, "`, `") + "`"
		}
		row := "(?m)^" + regexp.QuoteMeta("| ["+m.Name+"]("+m.Name+") | ") + ".* " + regexp.QuoteMeta("| "+m.Isolation+" | "+asks+" |") + "$"
		if !regexp.MustCompile(row).Match(table) {
			t.Errorf("README.md has no row for %s with %q and %q", m.Name, m.Isolation, asks)
		}
		at := 0
		for _, heading := range []string{
			"# " + m.Name + "\n", "## Run it\n", "## Configuration\n", "## Limits\n", "## RFCs\n", "## What it asks for\n",
		} {
			i := strings.Index(string(text)[at:], "\n"+heading)
			if i < 0 && !strings.HasPrefix(string(text), heading) {
				t.Errorf("%s/README.md: no %q, or not in its place", m.Name, heading)
				break
			}
			at += max(i, 0)
		}
		for _, s := range m.Config {
			if !strings.Contains(string(text), "| `"+s.Key+"` | ") {
				t.Errorf("%s/README.md: no row for %s", m.Name, s.Key)
			}
		}
	}
}

func TestCommittedWasmIsWhatTheSourcesBuild(t *testing.T) {
	// Reading the folders makes this test's result, where it is cached, depend on what is in them.
	for _, sources := range []string{
		"builtin", "../guest-sdk/go", "../reactor/basic", "../reactor/deferred", "../reactor/protocol",
	} {
		if _, err := os.ReadDir(sources); err != nil {
			t.Fatal(err)
		}
	}
	out := t.TempDir()
	if text, err := exec.Command("./build.sh", out).CombinedOutput(); err != nil {
		t.Fatalf("build.sh: %v\n%s", err, text)
	}
	for _, b := range bundles {
		packed, err := os.ReadFile(filepath.Join(out, b.name+".wasm.gz"))
		if err != nil {
			t.Fatal(err)
		}
		built, err := (&bundle{b.name, packed}).wasm()
		if err != nil {
			t.Fatal(err)
		}
		committed, err := b.wasm()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(built, committed) {
			t.Errorf("builtin/%s.wasm.gz is out of date (%d bytes unpacked, the sources give %d): run go generate ./modules",
				b.name, len(committed), len(built))
		}
	}
}
