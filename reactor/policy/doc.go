// Package policy holds connections to limits that their protocols need not know of. Each policy is a factory that wraps
// any other factory, of servers or of clients:
//
//	var f protocol.Factory = echo.New()
//	f = policy.NewTimeoutFactory(f, policy.Timeouts{Idle: 5 * time.Minute})
//	f = policy.NewLimitConnectionsByPeer(f, 10, 0)
//	port, err := r.Listen("tcp:7", f)
//
// The outermost one comes first when a connection is accepted. It is refused there without any of the inner ones, or
// the protocol, having heard of it: limits belong outside, what is costly inside.
//
//   - [TimeoutFactory]: idle connections, slow first bytes, long lives.
//   - [LimitTotalConnectionsFactory], [LimitConnectionsByPeer]: how many connections there are at a time.
//   - [ThrottlingFactory]: how fast they are, by token buckets ([Bucket]) of which many connections share one, and which
//     form trees.
//   - [TrafficLoggingFactory]: what goes over them.
//   - [ProxyFactory], [ProxyClientFactory]: the PROXY protocol, versions 1 and 2, on both sides. With it outside of the
//     other policies, these see the addresses of the clients and not those of the proxies.
//
// The names are those of Twisted (twisted.protocols.policies, htb and haproxy).
//
// # Transports
//
// A protocol behind a policy has its half-close, its handshake event, its own receive buffer and its producers as
// without. Where a policy has to see what the protocol does, it stands in for the transport; [Unwrap] finds the
// reactor's own.
//
// # Policies of your own
//
// They embed [WrappingFactory] and [ProtocolWrapper], as the ones here do.
//
// # Goroutines
//
// On a reactor of several loops a factory is called from each of them. What the connections of a policy share is
// synchronised: counts and buckets by atomic numbers, tables by a lock that is taken when connections come and go.
package policy
