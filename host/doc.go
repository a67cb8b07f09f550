// Package host runs network protocols that were compiled to WebAssembly, each connection in a sandbox of its own that
// costs microseconds.
//
// # A server in a dozen lines
//
//	r, err := reactor.New(reactor.Config{})
//	h, err := host.New(host.Config{})
//	defer h.Close()
//	m, err := h.LoadFile(ctx, "echo.wasm")
//	s, err := h.NewService(m, r, host.ServiceConfig{})
//	port, err := s.Listen("tcp:8007")
//	err = r.Run()
//
// A [Host] loads modules and holds what all of them share; a [Module] is a guest that was checked, instrumented and
// compiled; a [Service] is a module at work on a reactor, with its configuration, limits and grants.
//
// # What a guest is
//
// A guest is a core WebAssembly module that keeps to the wasmnet ABI (package abi, SPEC.md): it exports the events it
// wants to hear of, as data_received, and imports what it wants to do, as write. Anything else it imports is refused
// when it is loaded, by name. It cannot reach memory, files, sockets or clocks of the host but through these imports.
//
// # Instances
//
// A service's start-up code runs once, in [Host.NewService]. What it leaves in memory and globals is the image: every
// instance begins as an exact copy of it, and is made that copy again when its connection has ended. So no connection
// can see anything of another one, and start-up, however long, is paid once.
//
// [Isolation] says who shares an instance: nobody ([PerConnection]), the connections of one event loop ([PerLoop]), or
// all of them ([PerService]). The module's manifest names the one it is made for; an operator can choose a stricter
// one. With PerService all connections live on one loop; [Service.Listen] sees to that.
//
// What start-up drew from the random source is in the image too, and so the same in every instance, until the guest
// seeds it anew in the event restored. In Go guests this concerns the seed of maps and of math/rand's global
// functions: they must not be relied on to keep a secret from a peer.
//
// # Limits
//
// Every guest counts its instructions. An event may use as much fuel as the limit "fuel" says. A call that takes
// longer than [Config.OnLoop] leaves its event loop and goes on beside it: the loop's other connections do not
// notice. The other [Limits] bound memory, stack, handles, timers, output, connections, times and rates. They are safe
// for the internet when left alone. A breach ends what breached it, or is refused where the ABI says so; it is logged
// with the limit's name, and counted.
//
// A trap, a budget that is used up, a breach: the instance and its connections go, nothing else. An instance that is
// shared is made anew, after a pause that doubles while it keeps failing.
//
// # Grants
//
// A guest talks to the peers that connect to it. [Grants] give more: dialling, listening, resolving, environment. They
// are checked against the name a guest asks for and the address it turns out to have, right before that is dialled;
// this machine, its networks and the cloud's metadata are only reached where they are named.
//
// # What is to be seen
//
// [Service.Stats] has counters, [Inspect] and [Module.Info] describe a module before it runs. Log lines carry the
// attributes module, service and conn; what guests log also has source=guest. The line that closes a connection has its
// [Bill]: at level info where a breach or a trap has ended it, ten times a second at most, and at level debug otherwise.
//
// # Replacing a module
//
// A Service is a [protocol.Factory]. A program that wants to replace modules without losing connections gives its reactor a
// factory of its own, which hands BuildProtocol, StartFactory and StopFactory on to the service at work; after a
// change the old service gets StopFactory, keeps the connections that it has, and lets its instances go with the last one.
// The command wasmnet does so on SIGHUP.
//
// # Programs
//
// [Service.Exec] and [Service.Connect] run a guest that has an end: without a connection of its own, or on one that is
// dialled.
package host
