//go:build !unix && !windows

package reactor

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// lockFile fails: there are no locks here.
func lockFile(*os.File) error { return fmt.Errorf("file locks: %w", protocol.ErrUnsupported) }
