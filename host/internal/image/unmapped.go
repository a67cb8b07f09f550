//go:build !linux || !(amd64 || arm64)

package image

import (
	"fmt"
	"runtime"
)

// open leaves the image without a source: memories are copies.
func (img *Image) open(_ []byte, want Strategy) error {
	if want == Auto {
		return nil
	}
	return fmt.Errorf("%w: %v on %s/%s", ErrStrategy, want, runtime.GOOS, runtime.GOARCH)
}

func mappingsAllowed() int64 { return -1 }
