// Package builtin says how each of the built-in modules is made, for a guest and for native use alike. The folders below it
// list them, one for each bundle: a program that imports one list does not hold the modules of the others. Folder guests
// has the programs that the bundles are built from.
package builtin

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Builder makes a module's factory. lookup returns the value of a configuration key.
type Builder func(r protocol.Reactor, lookup func(key string) (value string, ok bool)) (protocol.Factory, error)

// Of puts a module's Configure and New together.
func Of[C any](
	configure func(lookup func(key string) (string, bool)) (C, error), build func(protocol.Reactor, C) (protocol.Factory, error),
) Builder {
	return func(r protocol.Reactor, lookup func(key string) (string, bool)) (protocol.Factory, error) {
		config, err := configure(lookup)
		if err != nil {
			return nil, err
		}
		return build(r, config)
	}
}

// Build makes the factory of the module called name, which is one of of.
func Build(of map[string]Builder, name string, r protocol.Reactor, lookup func(string) (string, bool)) (protocol.Factory, error) {
	b, ok := of[name]
	if !ok {
		return nil, fmt.Errorf("module %q: not in this bundle", name)
	}
	return b(r, lookup)
}
