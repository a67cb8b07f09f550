package behaviour

import (
	"testing"

	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/tests/internal/puppet"
	"github.com/wasmnet/wasmnet/tests/internal/sandbox"
)

// TestPuppetsOnTime plays timers, and what is made of them.
func TestPuppetsOnTime(t *testing.T) {
	play(t, []behaviour{
		{
			name:        "order of timers",
			client:      "start: later a 60ms, later b 20ms, later c 20ms, later d 0s",
			tellsClient: []string{"timer d", "timer b", "timer c", "timer a"},
		},
		{
			name:        "no delay is the next turn",
			client:      "start: later a 0s, later b 0s\n timer a: later c 0s, later d 0s",
			tellsClient: []string{"timer a", "timer b", "timer c", "timer d"},
		},
		{
			name: "cancelled",
			client: "start: later a 1ms, later b 2ms, cancel a, active a, cancel a, reset a 1ms, delay a 1ms\n" +
				"timer b: cancel b, active b, reset b 1ms, delay b 1ms, later c 1ms",
			tellsClient: []string{"active false", "cancel: already cancelled", "reset: already cancelled",
				"delay: already cancelled", "timer b", "cancel: already called", "active false", "reset: already called",
				"delay: already called", "timer c"},
		},
		{
			name:        "cancelled by another that is due with it",
			client:      "start: later a 1ms, later b 1ms, later c 1ms\n timer a: cancel b",
			tellsClient: []string{"timer a", "timer c"},
		},
		{
			name:        "put off",
			client:      "start: later a 20ms, later b 40ms, later c 60ms, reset a 100ms, delay b 100ms, active a",
			tellsClient: []string{"active true", "timer c", "timer a", "timer b"},
		},
		{
			name:        "brought forward",
			client:      "start: later a 1h, later b 20ms, reset a 10ms",
			tellsClient: []string{"timer a", "timer b"},
		},
		{
			name:        "a timer of a lost connection",
			server:      "made: later a 20ms, abort\n timer a: write late",
			tellsServer: []string{"made", "lost aborted", "timer a", "write: closed"},
			only:        func(w world) bool { return !w.server }, // a sandbox ends with its connection
		},
		{
			name:        "LoopingCall",
			client:      "start: loop 3 1ms",
			tellsClient: []string{"tick 1", "tick 2", "tick 3", "looped nil"},
		},
		{
			name:        "DeferredList",
			client:      "start: gather 1ms",
			tellsClient: []string{"gathered nil 1/nil 0/no luck 3/nil"},
		},
		{
			name:        "Cooperator",
			client:      "start: cooperate 2",
			tellsClient: []string{"a 1", "b 1", "a 2", "b 2", "cooperated nil"},
		},
		{
			name:        "DeferredLock",
			client:      "start: lock 1ms",
			tellsClient: []string{"locked 1", "locked 2", "unlocked 1", "unlocked 2"},
		},
		{
			name:        "errors of Deferreds, queues and tasks",
			client:      "start: deferred-errors, later a 20ms",
			tellsClient: []string{"all as they should be", "timer a"},
		},
		{
			name:        "await in a goroutine",
			client:      "start: await 1ms, later a 0s",
			tellsClient: []string{"timer a", "awaited 1", "awaited 3", "returned timeout"},
		},
	})
}

// TestPuppetsConnect plays what can come of an attempt, and ports of the puppet's own.
func TestPuppetsConnect(t *testing.T) {
	const closed = "tcp:127.0.0.1:1" // nobody listens there
	play(t, []behaviour{
		{
			name:        "refused, and dialled again",
			client:      "start: dial " + closed + ", later a 50ms\n timer a: redial",
			tellsClient: []string{"started", "failed refused", "timer a", "started", "failed refused"},
		},
		{
			name:        "stopped as it starts",
			server:      "made: write hello",
			client:      "started: stopconnecting, disconnect, stopconnecting",
			tellsClient: []string{"started", "failed cancelled"},
		},
		{
			name:        "with a time limit, from an address",
			server:      "made: lose",
			client:      "start: dial $to:timeout=20:bindAddress=127.0.0.1",
			tellsServer: []string{"made", "lost done"},
			tellsClient: []string{"started", "made", "lost done", "client lost done"},
		},
		{
			name:        "nobody of this name",
			client:      "start: dial tcp:nobody.invalid:7",
			tellsClient: []string{"started", "failed dns"},
		},
		{
			name:        "a string that makes no sense",
			client:      "start: dial tcp:localhost, later a 0s",
			tellsClient: []string{"dial: an argument makes no sense", "timer a"},
			only:        func(w world) bool { return w.client }, // natively the error points at the character
		},
		{
			name:        "connected anew when it was lost",
			server:      "made: lose",
			client:      "client lost done: redial-up-to 1",
			tellsServer: []string{"made", "lost done", "made", "lost done"},
			tellsClient: []string{"started", "made", "lost done", "client lost done", "started", "made", "lost done", "client lost done"},
			only:        func(w world) bool { return !w.server }, // each connection would have a sandbox of its own
		},
		{
			name:        "connectProtocol",
			server:      "line one: write two",
			client:      "start: connect-protocol $to\n connected: write one\n line two: lose",
			tellsServer: []string{"made", "line one", "lost done"},
			tellsClient: []string{"made", "connected nil", "line two", "lost done"},
		},
		{
			name:        "ReconnectingClientFactory",
			client:      "start: reconnect " + closed + " 2",
			tellsClient: []string{"started", "failed refused", "started", "failed refused", "started", "failed refused"},
		},
		{
			name:        "ClientService",
			server:      "line one: write two",
			client:      "start: service $to 0\n connected: stopservice",
			tellsServer: []string{"made", "lost done"},
			tellsClient: []string{"started", "made", "connected nil", "lost done", "service stopped nil", "client lost done"},
		},
		{
			name:   "ClientService gives up waiting",
			client: "start: service " + closed + " 2\n connected: stopservice",
			tellsClient: []string{"started", "failed refused", "started", "connected refused", "service stopped nil",
				"failed refused"},
		},
		{
			name:      "a port of one's own",
			client:    "start: listen tcp:0:interface=127.0.0.1, dial-own\n made: network, lose\n lost done: stoplistening",
			unordered: true,
			tellsClient: []string{"started", "made", "network tcp tcp", "made", "network tcp tcp", "lost done", "lost done",
				"client lost done"},
		},
		{
			name:        "a port that is closed again",
			client:      "start: listen tcp:0:interface=127.0.0.1, stoplistening, stoplistening, dial-own",
			tellsClient: []string{"started", "failed refused"},
			only:        inMemory, // on sockets another process may have the port by then
		},
		{
			name:        "a port that is taken",
			client:      "start: listen tcp:0:interface=127.0.0.1, listen-again, later a 0s",
			tellsClient: []string{"listen-again: cannot listen", "timer a"},
		},
		{
			name:        "datagrams",
			client:      "start: listen-udp udp:0:interface=127.0.0.1, dial-own-udp\n udp connected: send hi, send-bytes 70000",
			tellsClient: []string{"udp listening", "udp connected", "send-bytes: too long", "heard hi", "heard re:hi"},
		},
		{
			name:        "datagrams that nobody receives",
			client:      "start: dial-udp udp:127.0.0.1:1\n udp connected: send hi",
			tellsClient: []string{"udp connected", "udp refused"},
		},
		{
			name:        "datagrams over IPv6",
			client:      "start: listen-udp udp6:0:interface=\\:\\:1, dial-own-udp\n udp connected: send hi",
			tellsClient: []string{"udp listening", "udp connected", "heard hi", "heard re:hi"},
		},
		{
			name:        "a port of datagrams that is closed",
			client:      "start: listen-udp udp:0:interface=127.0.0.1\n udp listening: stoplistening, stoplistening",
			tellsClient: []string{"udp listening", "udp over nil"},
		},
		{
			name: "UNIX datagrams",
			client: "start: listen-unixgram unixgram:$dir/s, dial-unixgram unixgram:$dir/s:bindAddress=$dir/c\n" +
				"unixgram connected: send hi, send-bytes 70000\n heard re-hi from s: stoplistening, stoplistening",
			tellsClient: []string{"unixgram listening", "unixgram connected", "send-bytes: too long", "heard hi from c",
				"heard re-hi from s", "unixgram over nil"},
			only: hasUNIXDatagrams,
		},
		{
			name: "UNIX datagrams of a socket without a name",
			client: "start: listen-unixgram unixgram:$dir/s, dial-unixgram unixgram:$dir/s\n" +
				"unixgram connected: send hi",
			tellsClient: []string{"unixgram listening", "unixgram connected", "heard hi from nobody", "answer fails"},
			only:        hasUNIXDatagrams,
		},
		{
			name: "UNIX datagrams that nobody receives",
			client: "start: dial-unixgram unixgram:$dir/s, listen-unixgram unixgram:$dir/s, dial-unixgram unixgram:$dir/s\n" +
				"unixgram connected: stoplistening\n unixgram over nil: send hi",
			tellsClient: []string{"dial-unixgram: refused", "unixgram listening", "unixgram connected", "unixgram over nil",
				"unixgram refused"},
			only: hasUNIXDatagrams,
		},
		{
			name:        "UNIX datagrams to a name",
			client:      "start: listen-unixgram unixgram:$dir/s\n unixgram listening: send-to hi $dir/s\n heard re-hi from s: stoplistening",
			tellsClient: []string{"unixgram listening", "heard hi from s", "heard re-hi from s", "unixgram over nil"},
			only:        hasUNIXDatagrams,
		},
		{
			name:        "a name of UNIX datagrams that is taken",
			client:      "start: listen-unixgram unixgram:$dir/s, listen-unixgram unixgram:$dir/s, dial-unixgram unixgram:$dir/s:bindAddress=$dir/s",
			tellsClient: []string{"listen-unixgram: cannot listen", "dial-unixgram: bind", "unixgram listening"},
			only:        hasUNIXDatagrams,
		},
		{
			name:        "a name",
			client:      "start: resolve localhost",
			tellsClient: []string{"resolved true nil"},
		},
		{
			name:        "an address is a name",
			client:      "start: resolve 127.0.0.1",
			tellsClient: []string{"resolved true nil"},
		},
		{
			name:        "no such name",
			client:      "start: resolve nobody.invalid",
			tellsClient: []string{"resolved nothing dns"},
		},
		{
			name:        "a name that is of no interest any more",
			client:      "start: resolve localhost, cancel-request, cancel-request, later a 10ms",
			unordered:   true,
			tellsClient: []string{"resolved nothing cancelled", "timer a"},
		},
		{
			name:        "DeferToThread",
			client:      "start: task upper abc",
			tellsClient: []string{"done ABC nil"},
		},
		{
			name:        "a task that fails",
			client:      "start: task fail x",
			tellsClient: []string{"done  no luck"},
		},
		{
			name:        "a task that is cancelled",
			client:      "start: task upper abc, cancel-request",
			tellsClient: []string{"done  cancelled"},
		},
		{
			name:        "a task without end",
			client:      "start: task spin x",
			tellsClient: []string{"done  limit"},
			only:        func(w world) bool { return w.client },
		},
		{
			name:        "stop",
			client:      "start: stop 7, stop 7",
			tellsClient: []string{"stop: not running"},
			only:        func(w world) bool { return !w.sockets || w.client }, // or the test has no reactor any more
		},
	})
}

// TestPuppetsHearEveryReason has attempts fail for every reason there is: a guest is told the same one.
func TestPuppetsHearEveryReason(t *testing.T) {
	for n, name := range puppet.Reasons {
		reason := protocol.Reason(n)
		if reason == protocol.ErrConnectionDone {
			continue // nothing has failed
		}
		t.Run(name, func(t *testing.T) {
			for _, w := range []world{{client: false}, {client: true}} {
				p := &performance{world: w, pki: &identities{}, gate: sandbox.NewGate(), behaviour: behaviour{
					tellsClient: []string{"started", "failed " + name},
				}}
				p.prepare(t)
				r := reactortest.NewReactor()
				defer r.Close()
				const to = "tcp:127.0.0.1:7"
				r.Unreachable("127.0.0.1:7", reason)
				if w.client {
					cfg := p.settings(t, p.behaviour.client, to, p.clientTape)
					cfg.Program = true
					guesttest.On(t, r, sandbox.Puppet(t), cfg).Exec()
				} else {
					native(r, p.behaviour.client, to, p.clientTape).Start()
				}
				r.Settle()
				for d, ok := r.Next(); ok && !p.over(); d, ok = r.Next() {
					r.Advance(d)
				}
				r.Settle()
				p.compare(t)
			}
		})
	}
}
