package vectors

import (
	"maps"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
)

// endpointString is an endpoint string and the arguments that it must be split into.
type endpointString struct {
	Input  string            `json:"input"`
	Args   []string          `json:"args"`
	Kwargs map[string]string `json:"kwargs"`
}

func (e *endpointString) play(t *testing.T) {
	args, kwargs, err := endpoint.Parse(e.Input)
	if err != nil {
		t.Fatalf("%q: %v", e.Input, err)
	}
	if !slices.Equal(args, e.Args) || !maps.Equal(kwargs, e.Kwargs) {
		t.Errorf("%q is split into %q and %q, want %q and %q", e.Input, args, kwargs, e.Args, e.Kwargs)
	}
}
