// Package http1 speaks HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112). It compiles for GOOS=wasip1 and holds
//
//   - incremental parsers for the heads of requests and responses ([RequestParser], [ResponseParser]), which take bytes in
//     pieces of any size and allocate nothing once their buffers have grown;
//   - the framing of bodies ([Body], [ChunkedDecoder], [AppendChunk]);
//   - the server's side of a connection ([Channel], made by [Factory]), which gives requests to a [Handler].
//
// Limits and what is refused are those of Twisted's HTTPChannel; where Twisted takes more than RFC 9112 allows and two
// parsers could disagree about where a message ends (a line feed or a zero byte inside a header, bytes above 0x7e in a
// target, Host given twice), the message is refused.
//
// # A server
//
//	factory := &http1.Factory{Build: func() http1.Handler {
//		return http1.HandlerFunc(func(q *http1.Request) { q.Respond(200, plain, []byte("hello\n")) })
//	}}
//	port, err := reactor.Listen("tcp:8080", factory)
//
// A connection never has more than one request in progress: the next one is not even parsed before the response to the
// one at hand is finished, so that responses are in order and a Handler may keep what it knows of "the request" in its
// own fields. What a peer sends meanwhile is held, 16 KiB of it, and then left in the socket.
//
// # Lifetimes
//
// The head of a message (its start line and its fields) is valid until the message is over: for a request until
// Finish. A piece of a body is valid until the call that gives it returns.
package http1
