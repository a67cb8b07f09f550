// Package client keeps connections up: it dials again, after growing waits, when an attempt fails or a connection is
// lost.
//
//	s := client.NewService(r, "tcp:localhost:7", factory, client.Options{})
//	err := s.Start()
//	s.WhenConnected(0).Handle(func(p protocol.Protocol, err error) { ... })
//
// [Service] is one connection, with a beginning and an end, for whose protocol one can ask (Twisted's ClientService).
// [ReconnectingFactory] is a factory that dials again whatever connector it is given to (Twisted's
// ReconnectingClientFactory). Their figures are Twisted's.
//
// Both belong to one loop, natively and in a guest: nothing here locks.
package client
