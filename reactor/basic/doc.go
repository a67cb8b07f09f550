// Package basic splits a stream of bytes into messages: lines ([LineReceiver], [LineOnlyReceiver]), netstrings
// ([NetstringReceiver]), strings with a length in front ([Int8Receiver], [Int16Receiver], [Int32Receiver]) and pieces
// of sizes that depend on what came before ([StatefulReceiver]). It also sends files ([FileSender]) and watches for
// silence ([Timeout]).
//
// # Writing a protocol
//
// Embed a receiver, implement its handler's method, and set Handler to yourself:
//
//	type greeter struct{ basic.LineReceiver }
//
//	func newGreeter() *greeter {
//		p := &greeter{}
//		p.Handler = p
//		return p
//	}
//
//	func (p *greeter) LineReceived(line []byte) { p.SendLine(append([]byte("hello "), line...)) }
//
// A ConnectionMade of your own calls the receiver's. The handler may as well be a value of its own. Its optional powers
// are further methods: RawDataReceived, LineLengthExceeded, LengthLimitExceeded.
//
// # What all receivers keep to
//
// How the bytes were cut into chunks on their way never shows. A message that arrived whole is handed over as a slice
// of the chunk, without a copy; only what is split is buffered. It is valid until the handler returns, and so is
// nothing else: keep a copy of what you keep. Delivery is a loop, not a recursion, however many messages a chunk holds,
// and takes no allocation of its own in the steady state.
//
// A handler that closes the connection hears of no further message, although the chunk may hold more. PauseProducing
// stops delivery between two messages of a chunk too, and ResumeProducing goes on at that place. Every receiver is a
// protocol.Producer, so that it can be registered as the producer of another connection's transport.
//
// Set the fields of a receiver before ConnectionMade, or inside a handler. The limits are Twisted's.
package basic
