// Package flock locks files among processes.
package flock

import "errors"

// ErrLocked says that somebody else has the lock.
var ErrLocked = errors.New("somebody else has locked it")
