//go:build !unix && !windows

package flock

import (
	"errors"
	"fmt"
	"os"
)

// Lock fails: there are no locks here.
func Lock(*os.File) error { return fmt.Errorf("file locks: %w", errors.ErrUnsupported) }
