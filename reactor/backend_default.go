//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd

package reactor

var platformBackends = []namedBackend{{"net", netBackend{}}}
