// Package amp is the Asynchronous Messaging Protocol, as Twisted speaks it (twisted.protocols.amp): both ends of a
// connection send each other boxes of keys and values, and on top of them commands with typed arguments, which are
// answered in any order. It compiles for GOOS=wasip1: the same program is a native server, a sandboxed one, or a client.
//
// # Commands
//
// A [Command] has a name, the fields of its arguments and of its response, and the errors that may come back instead:
//
//	type operands struct{ A, B int64 }
//	type total struct{ Total int64 }
//
//	var Sum = &amp.Command[operands, total]{
//		Name: "Sum",
//		Arguments: amp.Fields[operands]{
//			amp.Required("a", amp.Integer, func(o *operands) *int64 { return &o.A }),
//			amp.Required("b", amp.Integer, func(o *operands) *int64 { return &o.B }),
//		},
//		Response: amp.Fields[total]{
//			amp.Required("total", amp.Integer, func(t *total) *int64 { return &t.Total }),
//		},
//	}
//
// The side that obeys puts responders into a [CommandLocator] and gives it to [New]; the side that asks uses
// [Command.CallRemote]. Both may do both.
//
//	locator := amp.CommandLocator{}
//	locator.Add(Sum.Name, Sum.Responder(func(o operands) (total, error) { return total{o.A + o.B}, nil }))
//	server := amp.New(locator)
//
//	Sum.CallRemote(client, operands{13, 81}).Handle(func(t total, err error) { ... })
//
// # Errors
//
// An error that the command declares travels with its code, and errors.Is finds it again at the other end. Any other
// error is answered with the code UNKNOWN, without its text, and ends the connection, as in Twisted. A command that
// nobody has a responder for is answered with UNHANDLED, and the connection stays. Calls that are outstanding when the
// connection is lost fail with the reason.
//
// # What is different from Twisted
//
// A box has a largest size ([BinaryBoxProtocol.MaxBoxLength]), and an end that has too many commands to answer stops
// reading. Bytes that follow a StartTLS in the clear end the connection instead of being obeyed as if they had been
// encrypted. A box that is none of the protocol's ends the connection after what was written before it. File
// descriptors cannot be passed.
package amp
