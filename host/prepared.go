package host

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/codecache"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
)

// What rewriting makes of a module is kept beside its machine code: decoding and rewriting a Go guest takes as long as
// all the rest of a start. An entry is of use to the very program that made it only, since another one may rewrite
// otherwise.

// thisProgram tells builds of this program apart. Empty: it cannot be told, and nothing is kept.
var thisProgram = sync.OnceValue(func() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	file, err := os.Stat(path)
	if err != nil {
		return ""
	}
	version := ""
	if b, ok := debug.ReadBuildInfo(); ok {
		version = b.String()
	}
	return fmt.Sprintf("%s\n%d\n%d", version, file.Size(), file.ModTime().UnixNano())
})

// preparedKey is where the rewritten form of the module with this digest is kept.
func preparedKey(digest string, table int64) codecache.Key {
	return codecache.Key(sha256.Sum256(fmt.Appendf(nil, "rewritten\n%d\n%s\n%s", table, thisProgram(), digest)))
}

const preparedName = "rewritten"

// loadPrepared returns what an earlier process has made of the module, or nil.
func (c *compileCache) loadPrepared(key codecache.Key) (*rewrite.Result, error) {
	if thisProgram() == "" {
		return nil, nil
	}
	name, content, ok, err := c.store.Load(key)
	if err != nil || !ok || name != preparedName {
		return nil, err
	}
	return decodeResult(content)
}

func (c *compileCache) storePrepared(key codecache.Key, r *rewrite.Result) error {
	if thisProgram() == "" {
		return nil
	}
	content, err := encodeResult(r)
	if err != nil {
		return err
	}
	return c.store.Store(key, preparedName, content)
}

// encodeResult writes, each with its length in front: everything but segments and wasm as a gob, the segments' offsets
// and lengths, their bytes, and the shell. The wasm is left out: it is of use without machine code only, and where that
// is missing the module can be rewritten once more.
func encodeResult(r *rewrite.Result) ([]byte, error) {
	rest := *r
	rest.Data, rest.Wasm, rest.Shell, rest.Custom = nil, nil, nil, nil
	if manifest, ok := r.Custom[abi.ManifestSection]; ok {
		rest.Custom = map[string][]byte{abi.ManifestSection: manifest}
	}
	var meta bytes.Buffer
	if err := gob.NewEncoder(&meta).Encode(&rest); err != nil {
		return nil, fmt.Errorf("compile cache: %w", err)
	}
	var table, data []byte
	for _, d := range r.Data {
		table = binary.LittleEndian.AppendUint32(table, d.Offset)
		table = binary.LittleEndian.AppendUint32(table, uint32(len(d.Bytes)))
		data = append(data, d.Bytes...)
	}
	var out []byte
	for _, part := range [][]byte{meta.Bytes(), table, data, r.Shell} {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out, nil
}

var errPrepared = errors.New("compile cache: an entry is not what this program writes")

// decodeResult is the reverse. What it returns aliases b.
func decodeResult(b []byte) (*rewrite.Result, error) {
	var parts [4][]byte
	for n := range parts {
		if len(b) < 8 || binary.LittleEndian.Uint64(b) > uint64(len(b)-8) {
			return nil, errPrepared
		}
		size := binary.LittleEndian.Uint64(b)
		parts[n], b = b[8:8+size], b[8+size:]
	}
	r := &rewrite.Result{}
	if err := gob.NewDecoder(bytes.NewReader(parts[0])).Decode(r); err != nil {
		return nil, errPrepared
	}
	table, data := parts[1], parts[2]
	r.Data = make([]rewrite.Segment, 0, len(table)/8)
	for ; len(table) >= 8; table = table[8:] {
		size := binary.LittleEndian.Uint32(table[4:])
		if uint64(size) > uint64(len(data)) {
			return nil, errPrepared
		}
		r.Data = append(r.Data, rewrite.Segment{Offset: binary.LittleEndian.Uint32(table), Bytes: data[:size]})
		data = data[size:]
	}
	r.Shell = parts[3]
	return r, nil
}
