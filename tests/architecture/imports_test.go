// Package architecture holds the import directions of the project: who may know whom.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/wasmnet/wasmnet"

// rules maps a folder (and all below it) to the folders of the project that it may import. The longest match decides;
// a folder may always import what lies below itself. Commands that only generate files are not part of the product.
var rules = map[string][]string{
	"abi":                {},
	"reactor/protocol":   {},
	"reactor/deferred":   {"reactor/protocol"},
	"reactor/basic":      {"reactor/protocol"},
	"reactor/amp":        {"reactor/protocol", "reactor/deferred"},
	"reactor":            {"reactor"},
	"host":               {"abi", "reactor"},
	"reactor/http1":      {"reactor/protocol", "reactor/deferred", "reactor/basic"},
	"guest-sdk/go":       {"abi", "reactor/protocol", "reactor/deferred", "reactor/basic", "reactor/httpclient"},
	"modules":            {"reactor", "guest-sdk/go"},
	"examples":           {"abi", "reactor", "host", "guest-sdk/go", "modules"},
	"cmd":                {"abi", "reactor", "host", "modules"},
	"tests":              {"abi", "reactor", "host", "modules", "guest-sdk/go", "tests", "internal"},
	"reactor/internal":   {"reactor"},
	"guest-sdk/c":        {"abi"},
	"abi/internal":       {"abi"},
	"modules/internal":   {"modules", "reactor"},
	"host/internal":      {"abi", "reactor", "host", "internal"},
	"reactor/endpoint":   {"reactor/protocol", "reactor/internal"},
	"reactor/policy":     {"reactor/protocol", "reactor/deferred", "reactor/basic", "reactor/internal"},
	"internal":           {},
	"host/internal/wasm": {},
}

// sole maps a dependency to the only folder that may import it.
var sole = map[string][]string{
	"github.com/tetratelabs/wazero": {"host", "tests"},
	"github.com/spf13/cobra":        {"cmd"},
}

type pkg struct {
	ImportPath string
	Imports    []string
	Incomplete bool
}

// list gives every package of the project as the platform sees it.
func list(t *testing.T, env ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Incomplete", module+"/...")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}

func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// ruleFor is the longest rule that covers folder.
func ruleFor(folder string) (rule string, may []string, ok bool) {
	for r, m := range rules {
		if within(folder, r) && len(r) >= len(rule) {
			rule, may, ok = r, m, true
		}
	}
	return rule, may, ok
}

func violations(packages []pkg) []string {
	var bad []string
	for _, p := range packages {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		rule, may, ok := ruleFor(folder)
		if !ok {
			bad = append(bad, folder+" is covered by no rule")
			continue
		}
		for _, imp := range p.Imports {
			for dependency, owners := range sole {
				if within(imp, dependency) && !anyWithin(folder, owners) {
					bad = append(bad, folder+" imports "+imp+", which only "+strings.Join(owners, ", ")+" may")
				}
			}
			target, mine := strings.CutPrefix(imp, module+"/")
			if mine && !within(target, rule) && !anyWithin(target, may) {
				bad = append(bad, folder+" imports "+target)
			}
		}
	}
	return bad
}

func anyWithin(path string, folders []string) bool {
	for _, f := range folders {
		if within(path, f) {
			return true
		}
	}
	return false
}

func TestImportDirection(t *testing.T) {
	for _, platform := range [][]string{{"GOOS=linux"}, {"GOOS=darwin"}, {"GOOS=windows"}, {"GOOS=wasip1", "GOARCH=wasm"}} {
		packages := list(t, platform...)
		if len(packages) < 10 {
			t.Fatalf("%v: go list gives only %d packages", platform, len(packages))
		}
		for _, v := range violations(packages) {
			t.Errorf("%v: %s", platform, v)
		}
	}
}

func TestViolationsAreFound(t *testing.T) {
	for name, p := range map[string]pkg{
		"abi knows the host":       {ImportPath: module + "/abi", Imports: []string{module + "/host"}},
		"reactor knows wasm":       {ImportPath: module + "/reactor", Imports: []string{"github.com/tetratelabs/wazero/api"}},
		"host knows the command":   {ImportPath: module + "/host", Imports: []string{module + "/cmd/wasmnet"}},
		"protocol knows deferreds": {ImportPath: module + "/reactor/protocol", Imports: []string{module + "/reactor/deferred"}},
		"unknown folder":           {ImportPath: module + "/misc"},
	} {
		if len(violations([]pkg{p})) == 0 {
			t.Errorf("%s: not found", name)
		}
	}
}
