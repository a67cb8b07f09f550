// Package docs holds the documents to the code: the tests and the names that they speak of exist.
package docs

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

const root = "../.."

// row is a line of a table, cut into its cells.
type row struct {
	line  int
	cells []string
}

// tables returns the rows of a document's tables that have this many columns, without their heads.
func tables(t *testing.T, name string, columns int) (rows []row) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if strings.HasPrefix(line, "| ") && len(cells) == columns && cells[0] != "Twisted" {
			rows = append(rows, row{i + 1, cells})
		}
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no table of %d columns", name, columns)
	}
	return rows
}

var code = regexp.MustCompile("`([^`]+)`")

// quoted are the pieces of code in a cell.
func quoted(cell string) (names []string) {
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		names = append(names, m[1])
	}
	return names
}

// declared are the names that the Go files of a folder declare: "Name", and "Type.Name" for methods and fields.
func declared(t *testing.T, folder string, tests bool) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") != tests {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			addDeclared(names, d)
		}
	}
	return names
}

func addDeclared(names map[string]bool, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		names[name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names[spec.Name.Name] = true
				addMembers(names, spec)
			case *ast.ValueSpec:
				for _, n := range spec.Names {
					names[n.Name] = true
				}
			}
		}
	}
}

func addMembers(names map[string]bool, spec *ast.TypeSpec) {
	var members *ast.FieldList
	switch kind := spec.Type.(type) {
	case *ast.StructType:
		members = kind.Fields
	case *ast.InterfaceType:
		members = kind.Methods
	default:
		return
	}
	for _, m := range members.List {
		for _, n := range m.Names {
			names[spec.Name.Name+"."+n.Name] = true
		}
	}
}

// receiver is the name of a method's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// packages maps the names of the packages below reactor, and other folders of tests, to the folders.
func packages(t *testing.T) map[string]string {
	t.Helper()
	folders := map[string]string{"abi": "abi", "host": "host", "guest-sdk/go": "guest-sdk/go", "reactor": "reactor",
		"guesttest": "host/guesttest"}
	entries, err := fs.ReadDir(os.DirFS(root), "reactor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && e.Name() != "internal" {
			folders[e.Name()] = path.Join("reactor", e.Name())
		}
	}
	for _, name := range []string{"behaviour", "guests", "interop", "vectors", "e2e"} {
		folders["tests/"+name] = "tests/" + name
	}
	return folders
}

// checkNames checks that each of names, "package.Name" with the package's folder in folders, is declared.
func checkNames(t *testing.T, r row, names []string, folders map[string]string, tests bool) {
	t.Helper()
	for _, full := range names {
		pkg, name, ok := strings.Cut(full, ".")
		if !ok || folders[pkg] == "" {
			t.Errorf("line %d: %s is not a name in a package that is known here", r.line, full)
			continue
		}
		if !declared(t, folders[pkg], tests)[name] {
			t.Errorf("line %d: %s does not exist", r.line, full)
		}
	}
}

// TestTwistedTable checks docs/twisted.md.
func TestTwistedTable(t *testing.T) {
	folders := packages(t)
	words := guestWords(t)
	for _, r := range tables(t, "docs/twisted.md", 4) {
		native := slices.DeleteFunc(quoted(r.cells[1]), func(s string) bool { // endpoints and the command
			return strings.HasSuffix(s, ":") || s == "wasmnet"
		})
		checkNames(t, r, native, folders, false)
		for _, word := range quoted(r.cells[2]) {
			if !words[word] {
				t.Errorf("line %d: %s is not a word of the ABI", r.line, word)
			}
		}
		tests := quoted(r.cells[3])
		if len(tests) == 0 {
			t.Errorf("line %d: no test is named", r.line)
		}
		checkNames(t, r, tests, folders, true)
		if c := r.cells[2]; c != "-" && c != "never" && c != "the operator's" && !slices.ContainsFunc(tests, hasGuest) {
			t.Errorf("line %d: none of the tests has a guest", r.line)
		}
	}
	for _, r := range tables(t, "docs/twisted.md", 2) {
		if len(r.cells[1]) < 10 {
			t.Errorf("line %d: no reason is given", r.line)
		}
	}
}

// withGuests is how the names of tests begin in which a guest runs.
var withGuests = []string{"host.", "guest-sdk/go.", "guesttest.", "tests/guests.", "tests/vectors.", "tests/e2e.",
	"tests/interop.TestGuest", "tests/behaviour.TestPuppets"}

func hasGuest(test string) bool {
	return slices.ContainsFunc(withGuests, func(start string) bool { return strings.HasPrefix(test, start) })
}

// TestErrorsAreListed: docs/twisted.md has a row for every error of package protocol.
func TestErrorsAreListed(t *testing.T) {
	listed := map[string]bool{}
	for _, r := range tables(t, "docs/twisted.md", 4) {
		for _, name := range quoted(r.cells[1]) {
			listed[name] = true
		}
	}
	errs := 0
	for name := range declared(t, "reactor/protocol", false) {
		if !strings.HasPrefix(name, "Err") {
			continue
		}
		errs++
		if !listed["protocol."+name] {
			t.Errorf("protocol.%s has no row", name)
		}
	}
	if errs == 0 {
		t.Error("package protocol has no errors")
	}
}

// guestWords are the names of the ABI: events, imports, keys, options, codes, reasons and limits.
func guestWords(t *testing.T) map[string]bool {
	t.Helper()
	words := map[string]bool{"wasmnet_start": true, "wasmnet_stop": true, "run_task": true}
	for _, f := range slices.Concat(abi.Events[:], abi.Imports) {
		words[f.Name] = true
	}
	for _, list := range [][]abi.Named{abi.InfoKeys, abi.Options, abi.Codes, abi.Reasons} {
		for _, n := range list {
			words[n.Name] = true
		}
	}
	spec, err := os.ReadFile(filepath.Join(root, "abi/SPEC.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, limits, found := strings.Cut(string(spec), "\n## 8. ")
	if !found {
		t.Fatal("abi/SPEC.md has no section 8")
	}
	for _, limit := range quoted(limits) {
		words[limit] = true
	}
	return words
}
