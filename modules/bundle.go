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

// wire has the modules that are written on package protocol.
var wire = &bundle{"wire", wirePacked}

//go:embed builtin/net.wasm.gz
var netPacked []byte

// networked has the modules that are written for package net.
var networked = &bundle{"net", netPacked}

var bundles = []*bundle{wire, networked}

// bundleOf returns the bundle that holds the module called name.
func bundleOf(name string) *bundle {
	switch name {
	case "nethttp", "reverseproxy":
		return networked
	}
	return wire
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
