// Package hostile runs guests that were written to do harm. Their sources are in guests: text format, C, Go, and bytes in
// hexadecimal for what no assembler would write. Each says in its first comment what it attacks and what has to come of
// it.
//
// Every test has an arena: a reactor of one loop with a well-behaved service on it, which has to answer while the attack
// goes on and afterwards, and of which nothing may be left in the end.
package hostile

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"
)

// A guest is a hostile module with what its source says about it.
type guest struct {
	name   string // file name without extension
	attack string
	expect outcome
	wasm   []byte
}

// An outcome is what has to come of a guest.
type outcome struct {
	kind string // one of the outcome kinds
	text string // what the kind says it is
}

// The outcome kinds.
const (
	refused    = "refused"     // Load fails, and the error contains the text
	notStarted = "not started" // the module loads, its service does not start, and the error contains the text
	limited    = "limit"       // the connection that sends data is lost with LIMIT: the limit of this name
	trapped    = "trap"        // the instance traps, for the reason that contains the text, and its connections are reset
	served     = "served"      // nothing ends; the text says what the peer sees
)

var outcomeKinds = []string{refused, notStarted, limited, trapped, served}

// buildDir is where guests are built; TestMain removes it.
var buildDir string

func TestMain(m *testing.M) {
	if address := os.Getenv(crowdVariable); address != "" {
		os.Exit(crowdMain(address))
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if buildDir, err = os.MkdirTemp("", "wasmnet-hostile"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(buildDir)
	return m.Run()
}

// guests builds all guests, once for all tests, and returns them by name.
func guests(t testing.TB) map[string]*guest {
	t.Helper()
	all, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// named returns one guest.
func named(t testing.TB, name string) *guest {
	t.Helper()
	g := guests(t)[name]
	if g == nil {
		t.Fatalf("no guest %s", name)
	}
	return g
}

var built = sync.OnceValues(func() (map[string]*guest, error) {
	paths, err := filepath.Glob("guests/*.*")
	if err != nil {
		return nil, err
	}
	programs, err := filepath.Glob("guests/*/main.go")
	if err != nil {
		return nil, err
	}
	all := make(map[string]*guest)
	for _, path := range append(paths, programs...) {
		if filepath.Ext(path) == ".h" {
			continue
		}
		g, err := build(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if all[g.name] != nil {
			return nil, fmt.Errorf("%s: a second guest of this name", path)
		}
		all[g.name] = g
	}
	return all, nil
})

// build makes a module of a source file.
func build(path string) (*guest, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name, kind, _ := strings.Cut(filepath.Base(path), ".")
	if kind == "go" {
		name = filepath.Base(filepath.Dir(path))
	}
	g := &guest{name: name}
	customs, err := g.readHeader(string(source))
	if err != nil {
		return nil, err
	}
	switch kind {
	case "wat", "wat.tmpl":
		g.wasm, err = assemble(name, source, kind == "wat.tmpl")
	case "c":
		g.wasm, err = compile(name, path)
	case "go":
		g.wasm, err = compileGo(name, filepath.Dir(path))
	case "hex":
		g.wasm, err = decode(source)
	default:
		err = fmt.Errorf("sources end in .wat, .wat.tmpl, .c, .go or .hex, not in .%s", kind)
	}
	g.wasm = append(g.wasm, customs...)
	return g, err
}

// readHeader takes "attack: ...", "expect: kind: ..." and any number of `custom: name "content"` from the comment that a
// source begins with, continued on lines that are indented, and returns the custom sections to be appended.
func (g *guest) readHeader(source string) (customs []byte, err error) {
	var fields []string
	for line := range strings.Lines(source) {
		text := strings.TrimRight(strings.TrimLeft(line, ";/#"), " \n")
		if text == strings.TrimRight(line, " \n") {
			break // not a comment
		}
		switch {
		case strings.HasPrefix(text, "   ") && len(fields) > 0:
			fields[len(fields)-1] += " " + strings.TrimSpace(text)
		case text == "":
			fields = append(fields, "") // what follows is prose
		default:
			fields = append(fields, strings.TrimSpace(text))
		}
	}
	for _, f := range fields {
		key, value, _ := strings.Cut(f, ": ")
		switch key {
		case "attack":
			g.attack = value
		case "expect":
			g.expect.kind, g.expect.text, _ = strings.Cut(value, ": ")
		case "custom":
			section, err := customSection(value)
			if err != nil {
				return nil, err
			}
			customs = append(customs, section...)
		}
	}
	if g.attack == "" || g.expect.text == "" || !slices.Contains(outcomeKinds, g.expect.kind) {
		return nil, fmt.Errorf("the first comment wants an attack and what to expect (one of %q), and has %q and %q",
			outcomeKinds, g.attack, g.expect)
	}
	return customs, nil
}

// customSection encodes `name "content"`, the content in Go's syntax.
func customSection(text string) ([]byte, error) {
	name, quoted, _ := strings.Cut(text, " ")
	content, err := strconv.Unquote(quoted)
	if err != nil {
		return nil, fmt.Errorf("custom section %s: %s: %w", name, quoted, err)
	}
	if len(name)+len(content)+1 > 0x7f {
		return nil, fmt.Errorf("custom section %s: longer than a length of one byte", name)
	}
	section := []byte{0, byte(1 + len(name) + len(content)), byte(len(name))}
	return append(append(section, name...), content...), nil
}

// assemble makes a module of text format. In a template, {{range count N}} repeats.
func assemble(name string, source []byte, isTemplate bool) ([]byte, error) {
	if isTemplate {
		t, err := template.New(name).Funcs(template.FuncMap{
			"count": func(n int) []int {
				list := make([]int, n)
				for i := range list {
					list[i] = i
				}
				return list
			},
			"inc": func(i int) int { return i + 1 },
		}).Parse(string(source))
		if err != nil {
			return nil, err
		}
		var text bytes.Buffer
		if err := t.Execute(&text, nil); err != nil {
			return nil, err
		}
		source = text.Bytes()
	}
	in, out := filepath.Join(buildDir, name+".wat"), filepath.Join(buildDir, name+".wasm")
	if err := os.WriteFile(in, source, 0o600); err != nil {
		return nil, err
	}
	// wat2wasm recurses into blocks; a bomb must reach the host, and not end the assembler.
	return tool(out, "sh", "-c", `ulimit -s $(ulimit -Hs); exec wat2wasm --no-check "$0" -o "$1"`, in, out)
}

// compile makes a module of C.
func compile(name, path string) ([]byte, error) {
	out := filepath.Join(buildDir, name+".wasm")
	return tool(out, "clang", "--target=wasm32", "-nostdlib", "-O2", "-ffreestanding", "-mbulk-memory", "-Wall", "-Wextra",
		"-Werror", "-Wl,--no-entry", "-I", "../../guest-sdk/c", "-o", out, path)
}

// compileGo makes a module of a Go program.
func compileGo(name, dir string) ([]byte, error) {
	out := filepath.Join(buildDir, name+".wasm")
	return tool(out, "env", "GOOS=wasip1", "GOARCH=wasm", "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w",
		"-o", out, "./"+dir)
}

// tool runs a command that writes the file out, and returns that.
func tool(out, command string, args ...string) ([]byte, error) {
	if text, err := exec.Command(command, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w (it needs the Debian packages clang, lld and wabt)\n%s", command, err, text)
	}
	return os.ReadFile(out)
}

// decode reads bytes in hexadecimal, with comments from # to the end of the line.
func decode(source []byte) ([]byte, error) {
	var digits strings.Builder
	for line := range strings.Lines(string(source)) {
		line, _, _ = strings.Cut(line, "#")
		digits.WriteString(strings.Join(strings.Fields(line), ""))
	}
	return hex.DecodeString(digits.String())
}

// shared returns the guest as a module that allows every isolation.
func shared(g *guest) *guest {
	const manifest = `{"isolation":"service"}`
	section, err := customSection("wasmnet.manifest " + strconv.Quote(manifest))
	if err != nil {
		panic(err)
	}
	s := *g
	s.wasm = slices.Concat(g.wasm, section)
	return &s
}
