package host_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

func TestLimitsAreReadAndWritten(t *testing.T) {
	for _, c := range []struct{ set, text string }{
		{"fuel=1000", "fuel=1000"},
		{"fuel=none", "fuel=none"},
		{"memory=32MiB", "memory=32MiB"},
		{"memory=65536", "memory=64KiB"},
		{"output=1000", "output=1000"},
		{"memory-total=3GiB", "memory-total=3GiB"},
		{"idle=90s", "idle=1m30s"},
		{"idle=none", "idle=none"},
		{"compile-time=500ms", "compile-time=500ms"},
	} {
		var l host.Limits
		if err := l.Set(c.set); err != nil {
			t.Error(err)
		}
		if got := l.String(); got != c.text {
			t.Errorf("%s reads as %s, want %s", c.set, got, c.text)
		}
	}
	for set, want := range map[string]string{
		"fuel":                 `limit "fuel": want NAME=VALUE`,
		"fule=1":               `limit "fule": unknown name (have compile-time, connections, dials,`,
		"fuel=":                `limit fuel: "" is not a number`,
		"fuel=0":               `limit fuel: "0": must be above zero`,
		"fuel=-5":              "must be above zero",
		"memory=x":             `limit memory: "x" is not a size (like 64KiB)`,
		"memory=4GiB":          `limit memory: "4GiB": at most 4194240KiB`,
		"memory=none":          "limit memory: cannot be switched off",
		"stack=none":           "cannot be switched off",
		"memory=9999999999GiB": "is not a size",
		"idle=5":               `limit idle: "5" is not a duration (like 90s) (none switches the limit off)`,
		"fuel-rate=unlimited":  `limit fuel-rate: "unlimited" is not a number (none switches the limit off)`,
		"idle=0s":              `limit idle: "0s": must be above zero (none switches the limit off)`,
		"handles=99999999":     `at most 1048575`,
	} {
		var l host.Limits
		if err := l.Set(set); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
}

func TestDefaultLimitsAreComplete(t *testing.T) {
	for _, isolation := range isolations {
		l := host.DefaultLimits(isolation)
		for _, name := range host.LimitNames() {
			if text, ok := l.Get(name); !ok || text == "0" || text == "0s" {
				t.Errorf("%s: the default of %s is %q", isolation, name, text)
			}
			if host.DescribeLimit(name) == "" {
				t.Errorf("%s has no description", name)
			}
		}
	}
	var l host.Limits
	if _, ok := l.Get("nonsense"); ok || host.DescribeLimit("nonsense") != "" {
		t.Error("there is a limit called nonsense")
	}
}

// The names are those of the specification, no more and no less.
func TestLimitNamesAreThoseOfTheSpecification(t *testing.T) {
	spec, err := os.ReadFile("../abi/SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(spec), "## 8. What the host enforces")
	section, _, _ = strings.Cut(section, "\n* ")
	var names []string
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) > 3 {
			for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(cells[2], -1) {
				names = append(names, m[1])
			}
		}
	}
	slices.Sort(names)
	have := host.LimitNames()
	slices.Sort(have)
	if !slices.Equal(names, have) {
		t.Errorf("the specification has %q, the host %q", names, have)
	}
}

func TestServiceRefusesLimitsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	m := w.load("echo.wat", wat(t, "echo.wat"))
	for _, l := range []host.Limits{{Memory: -1}, {Fuel: -2}, {Stack: 1 << 40}, {Idle: -time.Second}} {
		if _, err := w.NewService(m, w.reactor, host.ServiceConfig{Limits: l}); err == nil || !contains(err.Error(), "module echo.wat: limit ") {
			t.Errorf("%s: %v", &l, err)
		}
	}
}

func TestIsolationIsTightenedAndNeverLoosened(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		module    string
		wish, got host.Isolation
		err       string
	}{
		{"", host.ModuleDefault, host.PerConnection, ""},
		{"", host.PerLoop, 0, "isolation loop: the module is made for connection, which can be tightened and not loosened"},
		{`{"isolation":"loop"}`, host.ModuleDefault, host.PerLoop, ""},
		{`{"isolation":"loop"}`, host.PerConnection, host.PerConnection, ""},
		{`{"isolation":"loop"}`, host.PerService, 0, "isolation service: the module is made for loop"},
		{`{"isolation":"service"}`, host.PerLoop, host.PerLoop, ""},
		{"", 9, 0, "isolation 9: no such isolation"},
	} {
		module := wat(t, "echo.wat")
		if c.module != "" {
			module = withManifest(module, c.module)
		}
		s, err := w.NewService(w.load("echo", module), w.reactor, host.ServiceConfig{Isolation: c.wish})
		switch {
		case c.err != "":
			if err == nil || !contains(err.Error(), c.err) {
				t.Errorf("%s as %s: %v, want %q", c.module, c.wish, err, c.err)
			}
		case err != nil || s.Isolation() != c.got:
			t.Errorf("%s as %s: %v, want %s", c.module, c.wish, err, c.got)
		}
	}
}

func TestConfigurationIsChecked(t *testing.T) {
	w := newWorld(t)
	m := w.load("echo", withManifest(wat(t, "echo.wat"), `{"config":[{"key":"size","type":"int","default":"5"},{"key":"name"}]}`))
	for key, want := range map[string]string{
		"sise": "configuration sise: unknown key (have name, size)",
		"size": `configuration size: "x" is not of type int`,
	} {
		_, err := w.NewService(m, w.reactor, host.ServiceConfig{Config: map[string]string{key: "x"}})
		if err == nil || !contains(err.Error(), want) {
			t.Errorf("%s=x: %v, want %q", key, err, want)
		}
	}
	if _, err := w.NewService(m, w.reactor, host.ServiceConfig{Config: map[string]string{"wasmnet.module": "echo"}}); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNotGrantedIsTold(t *testing.T) {
	w := newWorld(t)
	m := w.load("echo", withManifest(wat(t, "echo.wat"), `{"capabilities":{"dial":["tcp:*:6379","tcp:db.example.org:5432"],
		"listen":["tcp:loopback:8000-8010"],"resolve":true,"kv":true},"limits":{"timers":"1000","idle":"1m","memory":"8MiB"}}`))
	s := w.service(m, host.ServiceConfig{Grants: grants(t, "dial=tcp:*.example.org:*", "listen=tcp:loopback:*")})
	want := []string{"dial=tcp:*:6379", "resolve=*", "kv", "timers=1000"}
	if got := s.Ungranted(); !slices.Equal(got, want) {
		t.Errorf("not granted: %q, want %q", got, want)
	}
}
