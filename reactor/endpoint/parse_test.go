package endpoint

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// The vectors are facts about Twisted's parser.
func TestParseVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/endpoint_strings.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct {
			Input  string            `json:"input"`
			Args   []string          `json:"args"`
			Kwargs map[string]string `json:"kwargs"`
		} `json:"endpoint_strings"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, c := range file.Cases {
		args, kwargs, err := Parse(c.Input)
		if err != nil {
			t.Errorf("Parse(%q): %v", c.Input, err)
			continue
		}
		if !slices.Equal(args, c.Args) || !maps.Equal(kwargs, c.Kwargs) {
			t.Errorf("Parse(%q) = %q, %q; want %q, %q", c.Input, args, kwargs, c.Args, c.Kwargs)
		}
	}
}

func TestParseGrammar(t *testing.T) {
	tests := []struct {
		input  string
		args   []string
		kwargs map[string]string
	}{
		{`a:b:d=1:c`, []string{"a", "b", "c"}, map[string]string{"d": "1"}},
		{`a:k=v=w`, []string{"a"}, map[string]string{"k": "v=w"}},
		{`a:k=v\=w`, []string{"a"}, map[string]string{"k": "v=w"}},
		{`a:k\=v`, []string{"a", "k=v"}, map[string]string{}},
		{`a:\k`, []string{"a", "k"}, map[string]string{}},
		{`a::b`, []string{"a", "", "b"}, map[string]string{}},
		{`a:=b`, []string{"a"}, map[string]string{"": "b"}},
		{`a:k=1:k=2`, []string{"a"}, map[string]string{"k": "2"}},
		{`é:ü=ö`, []string{"é"}, map[string]string{"ü": "ö"}},
	}
	for _, test := range tests {
		args, kwargs, err := Parse(test.input)
		if err != nil || !slices.Equal(args, test.args) || !maps.Equal(kwargs, test.kwargs) {
			t.Errorf("Parse(%q) = %q, %q, %v", test.input, args, kwargs, err)
		}
	}
}
