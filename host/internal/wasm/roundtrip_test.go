package wasm_test

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
	"github.com/wasmnet/wasmnet/host/internal/wasmtest"
)

// roundTrip decodes a module, encodes it, and decodes it again; both must say the same, and a second encoding must be
// the same bytes.
func roundTrip(t *testing.T, name string, module []byte) []byte {
	t.Helper()
	m, err := wasm.Decode(module, wasm.DefaultLimits)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	first := m.Encode()
	again, err := wasm.Decode(first, wasm.DefaultLimits)
	if err != nil {
		t.Fatalf("%s: decoding what was encoded: %v", name, err)
	}
	if !bytes.Equal(first, again.Encode()) {
		t.Fatalf("%s: the second encoding differs", name)
	}
	forget(m)
	forget(again)
	if !reflect.DeepEqual(m, again) {
		t.Fatalf("%s: the module changed", name)
	}
	return first
}

// forget removes positions, which may change, and the difference between an empty section and none.
func forget(m *wasm.Module) {
	v := reflect.ValueOf(m).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() == 0 {
			f.SetZero()
		}
	}
	for i := range m.Imports {
		m.Imports[i].Offset = 0
	}
	for i := range m.Exports {
		m.Exports[i].Offset = 0
	}
	for i := range m.Code {
		m.Code[i].Offset = 0
	}
}

// runtimeConfig is the accepted feature set in wazero's terms: its version 2 of the core specification, and no more.
func runtimeConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2)
}

func TestRoundTripRealModules(t *testing.T) {
	r := wazero.NewRuntimeWithConfig(t.Context(), runtimeConfig())
	defer r.Close(context.Background())
	for name, module := range map[string][]byte{
		"Go": wasmtest.Go(t, "goguest"),
		"C":  wasmtest.C(t, "cguest.c"),
	} {
		out := roundTrip(t, name, module)
		c, err := r.CompileModule(t.Context(), out)
		if err != nil {
			t.Fatalf("%s: wazero refuses what was encoded: %v", name, err)
		}
		c.Close(t.Context())
	}
}

// TestCorpus takes every module of wazero's specification tests and fuzz cases. What wazero accepts with the accepted
// features must decode and survive the round trip; what does not decode must be invalid for wazero too, or refused for
// a reason that this package documents.
func TestCorpus(t *testing.T) {
	r := wazero.NewRuntimeWithConfig(t.Context(), runtimeConfig())
	defer r.Close(context.Background())
	accepts := func(module []byte) bool {
		c, err := r.CompileModule(t.Context(), module)
		if err == nil {
			c.Close(t.Context())
		}
		return err == nil
	}
	taken, refused := 0, 0
	wasmtest.Corpus(t, "internal/integration_test", func(path string, module []byte) {
		_, err := wasm.Decode(module, wasm.DefaultLimits)
		if err == nil {
			taken++
			out := roundTrip(t, path, module)
			if accepts(module) && !accepts(out) {
				t.Errorf("%s: wazero refuses what was encoded", path)
			}
			return
		}
		refused++
		var e *wasm.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: error of type %T", path, err)
		}
		if e.Feature == "" && e.Limit == "" && accepts(module) && !documented(e) {
			t.Errorf("%s: wazero accepts it, but: %v", path, err)
		}
	})
	if taken < 1000 || refused < 1000 {
		t.Errorf("%d modules taken, %d refused: the corpus has both by the thousand", taken, refused)
	}
}

// documented recognises what is stricter here than in wazero: a constant expression may not read a mutable global (nor
// may it by the specification), and element segments may not read imported globals.
func documented(e *wasm.Error) bool {
	return strings.Contains(e.Msg, "is mutable") || strings.Contains(e.Msg, "imported reference globals")
}
