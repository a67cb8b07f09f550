package modules

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// manifestSection is the name of the custom section that the ABI has for a manifest.
const manifestSection = "wasmnet.manifest"

// Wasm returns the wasm of this module's bundle with this module's manifest in it: what a file of the module alone
// would be, but for its [Module.Settings]. The error is that of a damaged program.
func (m Module) Wasm() ([]byte, error) {
	wasm, err := m.bundle.wasm()
	if err != nil {
		return nil, err
	}
	name := append(binary.AppendUvarint(nil, uint64(len(manifestSection))), manifestSection...)
	// A custom section: its id 0, its size, its name and what it holds (WebAssembly core specification, 5.5.3).
	header := binary.AppendUvarint([]byte{0}, uint64(len(name)+len(m.Manifest)))
	return slices.Concat(wasm, header, name, m.Manifest), nil
}

// Digest identifies what [Module.Wasm] returns, without unpacking it.
func (m Module) Digest() string {
	h := sha256.New()
	h.Write(m.bundle.packed)
	h.Write(m.Manifest)
	return "built-in " + string(h.Sum(nil))
}
