package hostile

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Every source builds, and says what to expect. What is expected to load is valid WebAssembly, so that it is not refused
// for a mistake of its own; what comes from bytes is not, which is the point of it.
func TestGuestsBuild(t *testing.T) {
	kinds := make(map[string]int)
	for name, g := range guests(t) {
		kinds[g.expect.kind]++
		if g.expect.kind == refused {
			continue
		}
		if len(g.wasm) < 8 || string(g.wasm[:8]) != "\x00asm\x01\x00\x00\x00" {
			t.Errorf("%s is no module of version 1", name)
			continue
		}
		if out, err := exec.Command("wasm-validate", filepath.Join(buildDir, name+".wasm")).CombinedOutput(); err != nil {
			t.Errorf("%s is not valid: %v\n%s", name, err, out)
		}
	}
	for _, k := range outcomeKinds {
		if kinds[k] == 0 {
			t.Errorf("no guest is expected to be %q", k)
		}
	}
	if g := named(t, "name_section_lies"); g.expect.kind != served {
		t.Errorf("name_section_lies: %q", g.expect)
	}
}
