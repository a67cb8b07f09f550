// Package modules is the registry of the built-in protocols, and holds their wasm. The protocols themselves are the
// packages below it, which run natively as well.
//
// The built-ins of a bundle are one wasm: which of them an instance is says the configuration key "wasmnet.module". The
// bundles are committed, compressed, and a test proves that they are what the sources build.
package modules

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:generate ./build.sh

// Key is the configuration key that says which module of its bundle an instance is.
const Key = "wasmnet.module"

// Module describes one built-in.
type Module struct {
	Name        string
	Description string    // one line
	Isolation   string    // "connection", "loop" or "service"
	Grants      []string  // what it asks for, as --allow takes it
	Config      []Setting // what can be configured
	Manifest    []byte    // JSON, as the ABI has it. Read only.

	bundle *bundle
}

// Setting is one key of a module's configuration.
type Setting struct {
	Key     string `json:"key"`
	Type    string `json:"type"` // "string", "int", "bool", "duration" or "size"
	Default string `json:"default"`
	Help    string `json:"help"`
}

// Settings is what the configuration of a service must hold for the wasm to be this module.
func (m Module) Settings() map[string]string { return map[string]string{Key: m.Name} }

//go:embed */manifest.json
var manifests embed.FS

var all = sync.OnceValue(func() []Module {
	folders, err := manifests.ReadDir(".")
	if err != nil {
		panic(err)
	}
	var list []Module
	for _, folder := range folders {
		m, err := read(folder.Name() + "/manifest.json")
		if err != nil {
			panic(fmt.Sprintf("modules: %s: %v", folder.Name(), err))
		}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	return list
})

func read(path string) (Module, error) {
	text, err := manifests.ReadFile(path)
	if err != nil {
		return Module{}, err
	}
	var manifest struct {
		Name         string
		Description  string
		ABI          string
		Isolation    string
		Capabilities struct {
			Dial, Listen []string
			Resolve      bool
		}
		Config []Setting
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&manifest); err != nil {
		return Module{}, err
	}
	m := Module{
		Name: manifest.Name, Description: manifest.Description, Isolation: manifest.Isolation,
		Config: manifest.Config, Manifest: text, bundle: bundleOf(manifest.Name),
	}
	for i := range m.Config {
		if m.Config[i].Type == "" {
			m.Config[i].Type = "string"
		}
	}
	for _, pattern := range manifest.Capabilities.Dial {
		m.Grants = append(m.Grants, "dial="+pattern)
	}
	for _, pattern := range manifest.Capabilities.Listen {
		m.Grants = append(m.Grants, "listen="+pattern)
	}
	if manifest.Capabilities.Resolve {
		m.Grants = append(m.Grants, "resolve")
	}
	return m, nil
}

// All lists the built-ins by name. The list is the caller's, what it points to is not.
func All() []Module { return slices.Clone(all()) }

// Find returns the built-in called name.
func Find(name string) (Module, bool) {
	i := slices.IndexFunc(all(), func(m Module) bool { return m.Name == name })
	if i < 0 {
		return Module{}, false
	}
	return all()[i], true
}
