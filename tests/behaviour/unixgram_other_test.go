//go:build !unix

package behaviour

// hasUNIXDatagrams reports whether a world has UNIX sockets for datagrams.
func hasUNIXDatagrams(w world) bool { return !w.sockets }
