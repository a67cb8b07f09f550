// Package vectors plays byte-level cases (what a peer sends, what must come back) against the protocols of the
// project: natively in memory, and sandboxed over real sockets; whole, in 3-byte and in 1-byte chunks.
//
// Any file of the same form can be played:
//
//	go test ./tests/vectors -vectors FILE
//
// A case that the runner does not know how to play fails.
package vectors

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

var file = flag.String("vectors", "", "play the cases of this file instead of those in testdata")

// vectors is the content of a file.
type vectors struct {
	Cases           []testCase       `json:"cases"`
	EndpointStrings []endpointString `json:"endpoint_strings"`
}

// testCase is one conversation. Bytes are hexadecimal.
type testCase struct {
	ID       string                     `json:"id"`
	Protocol string                     `json:"protocol"`
	Role     string                     `json:"role"`
	Send     []string                   `json:"send"`
	Expect   map[string]json.RawMessage `json:"expect"`
	Setup    map[string]any             `json:"setup"`
	// ChunkInvariant is false where the reference itself gives other results for other chunks.
	ChunkInvariant *bool `json:"chunk_invariant"`
}

// A script is a case made ready: which protocol, with which configuration, and what to compare.
type script struct {
	module string            // the built-in module, or reportModule
	config map[string]string // its configuration
	chunks [][]byte
	want   observed
	// inMemory and overSockets, if they are set, play in the place of native and sandboxed: a case with more to it than
	// one peer.
	inMemory, overSockets func(t *testing.T, chunks [][]byte) observed
	// wrap, if it is set, is what stands between the connection and the module.
	wrap func(protocol.Factory) protocol.Factory
	// observe puts together what was seen: the module's output, what the peer was sent, whether our side closed the
	// connection, and the two addresses that it really had.
	observe func(printed string, output []byte, closed bool, real [2]string) observed
}

// reportModule stands for package report.
const reportModule = "report"

// observed is what a case looks at. The names are those of the cases' expectations.
type observed map[string]string

// players makes a script of a case, by protocol.
var players = map[string]func(c *testCase) (*script, error){}

func TestVectors(t *testing.T) {
	files := []string{*file}
	if *file == "" {
		var err error
		if files, err = filepath.Glob("testdata/*.json"); err != nil || len(files) == 0 {
			t.Fatalf("no vectors in testdata: %v", err)
		}
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v vectors
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(v.Cases)+len(v.EndpointStrings) == 0 {
			t.Fatalf("%s holds no case", name)
		}
		for _, c := range v.Cases {
			t.Run(c.ID, func(t *testing.T) { play(t, &c) })
		}
		for i, e := range v.EndpointStrings {
			t.Run(fmt.Sprintf("endpoint-%d", i), func(t *testing.T) { e.play(t) })
		}
	}
}

func play(t *testing.T, c *testCase) {
	make, ok := players[c.Protocol]
	if !ok {
		t.Fatalf("protocol %q cannot be played (have %s)", c.Protocol, strings.Join(protocols(), ", "))
	}
	s, err := make(c)
	if err != nil {
		t.Fatal(err)
	}
	if s.chunks, err = unhex(c.Send); err != nil {
		t.Fatal(err)
	}
	native, sandboxed := s.native, s.sandboxed
	if s.inMemory != nil {
		native, sandboxed = s.inMemory, s.overSockets
	}
	for _, cut := range chunkings(s.chunks, c.ChunkInvariant == nil || *c.ChunkInvariant) {
		t.Run(cut.name+"/native", func(t *testing.T) { s.compare(t, native(t, cut.chunks)) })
		t.Run(cut.name+"/sandboxed", func(t *testing.T) { s.compare(t, sandboxed(t, cut.chunks)) })
	}
}

func (s *script) compare(t *testing.T, got observed) {
	t.Helper()
	for what, want := range s.want {
		if got[what] != want {
			t.Errorf("%s is %.400q, want %.400q", what, got[what], want)
		}
	}
}

func protocols() []string {
	var names []string
	for name := range players {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func unhex(texts []string) ([][]byte, error) {
	var all [][]byte
	for _, text := range texts {
		b, err := hex.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("send: %w", err)
		}
		all = append(all, b)
	}
	return all, nil
}

// chunking is a way of cutting a case's bytes.
type chunking struct {
	name   string
	chunks [][]byte
}

func chunkings(sent [][]byte, invariant bool) []chunking {
	all := []chunking{{"as-sent", sent}}
	if !invariant {
		return all
	}
	whole := slices.Concat(sent...)
	for _, size := range []int{len(whole), 3, 1} {
		cut := chunking{name: fmt.Sprintf("%d-byte", size)}
		if size == len(whole) {
			cut.name = "whole"
		}
		if size > 0 {
			cut.chunks = slices.Collect(slices.Chunk(whole, size))
		}
		all = append(all, cut)
	}
	return all
}

// expected gives one expectation in the form of an observation: booleans as true or false, byte strings in hexadecimal,
// lists of them as Go writes lists of strings.
func (c *testCase) expected(what string) (string, error) {
	raw := c.Expect[what]
	var list []string
	var text string
	var truth bool
	switch {
	case json.Unmarshal(raw, &list) == nil:
		return fmt.Sprintf("%q", list), nil
	case json.Unmarshal(raw, &text) == nil:
		return text, nil
	case json.Unmarshal(raw, &truth) == nil:
		return fmt.Sprint(truth), nil
	}
	return "", fmt.Errorf("expectation %s has an unknown form: %s", what, raw)
}

// wants takes over all of a case's expectations, which must be among known.
func (c *testCase) wants(known ...string) (observed, error) {
	want := observed{}
	for what := range c.Expect {
		if !slices.Contains(known, what) {
			return nil, fmt.Errorf("expectation %q cannot be checked for %s", what, c.Protocol)
		}
		var err error
		if want[what], err = c.expected(what); err != nil {
			return nil, err
		}
	}
	return want, nil
}
