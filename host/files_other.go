//go:build !unix

package host

// openAtOnce is nothing where opening a file does not wait.
const openAtOnce = 0
