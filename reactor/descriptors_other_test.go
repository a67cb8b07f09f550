//go:build !linux

package reactor_test

import "testing"

// openDescriptors is not known here.
func openDescriptors(*testing.T) int { return 0 }

// descriptorLimit is small: it is not known here.
func descriptorLimit(*testing.T) int { return 400 }
