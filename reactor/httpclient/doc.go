// Package httpclient gets things by HTTP/1.1, natively and in guests: it needs no more than a protocol.Reactor.
//
//	httpclient.GetPage(r, "https://example.com/").Handle(func(page []byte, err error) { ... })
//
// A [Client] has limits and can send any [Request]. Every request has a connection of its own, dialled as "tcp:" or
// "tls:" endpoint, which verifies the server's certificate. Redirects are followed. Responses are read whole into
// memory, up to a limit, or go to a [Receiver] as they come; bodies may be chunked, of a given length, or end with the
// connection. Messages are parsed by package http1, addresses by net/url.
//
// A guest needs the grant to dial the address.
package httpclient
