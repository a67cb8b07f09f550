package modules

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

// A bundle is the one wasm of several modules, as build.sh packs it.
type bundle struct {
	name   string
	packed []byte
}

//go:embed builtin/wire.wasm.gz
var wirePacked []byte

// wire has the small modules that are written on package protocol.
var wire = &bundle{"wire", wirePacked}

//go:embed builtin/app.wasm.gz
var appPacked []byte

// app has the larger ones.
var app = &bundle{"app", appPacked}

//go:embed builtin/net.wasm.gz
var netPacked []byte

// networked has the modules that are written for package net.
var networked = &bundle{"net", netPacked}

var bundles = []*bundle{wire, app, networked}

// bundleOf returns the bundle that holds the module called name.
func bundleOf(name string) *bundle {
	switch name {
	case "amp", "dns", "get", "redis", "web":
		return app
	case "nethttp", "reverseproxy", "websocket":
		return networked
	}
	return wire
}

// Bundle names the wasm that the module is a part of. Modules of one bundle differ in [Module.Settings] only.
func (m Module) Bundle() string { return m.bundle.name }

// Wasm returns the wasm of a bundle as it is, without the manifest of any module in it.
func Wasm(name string) ([]byte, error) {
	for _, b := range bundles {
		if b.name == name {
			return b.wasm()
		}
	}
	return nil, fmt.Errorf("modules: no bundle %q", name)
}

// wasm unpacks the bundle. The error is that of a damaged program.
func (b *bundle) wasm() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(b.packed))
	if err != nil {
		return nil, fmt.Errorf("modules: unpack %s: %w", b.name, err)
	}
	wasm, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("modules: unpack %s: %w", b.name, err)
	}
	return wasm, nil
}
