// Package tlsengine runs crypto/tls, unmodified, without a socket: ciphertext is fed in and handed out, plaintext is
// read and written, and nothing ever blocks the caller.
//
// # Two phases
//
// crypto/tls keeps a handshake error for ever, so a handshake cannot be driven by errors that say "would block". It
// runs on a goroutine of a [Pool] that waits wherever the peer keeps it waiting. When it is over the goroutine is gone
// and the records are read and written by the event loop itself: a read error that is a temporary [net.Error] leaves a
// tls.Conn resumable at any byte. Any write error, however, is permanent, so ciphertext that is handed out must be
// taken whole.
//
// These are properties of the implementation and not promises of crypto/tls. The tests of this package pin every one
// of them and are to be run with each new Go release.
//
// # Goroutines
//
// All methods of a [Session] belong to one event loop. The handshake's goroutine meets it at a mutex only, and asks
// for [Session.Step] to be called with [Owner.Wake].
//
// # Memory
//
// A session in its handshake takes at most [handshakeRoom] bytes of ciphertext that crypto/tls has not consumed. A
// server's session joins the pool when the first record of its ClientHello is whole, so that peers that connect and
// say nothing cost no goroutine. An established, idle session holds what crypto/tls holds and no buffer of its own.
package tlsengine
