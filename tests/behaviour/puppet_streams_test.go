package behaviour

import "testing"

// TestPuppetsOnStreams plays the life of a connection: ordering, closing in each event, half-close, reading, producers.
func TestPuppetsOnStreams(t *testing.T) {
	play(t, []behaviour{
		{
			name:        "lines both ways",
			server:      "line hello: write world",
			client:      "made: write hello, network, options\n line world: write bye, lose",
			tellsServer: []string{"made", "line hello", "line bye", "lost done"},
			tellsClient: []string{"started", "made", "network tcp tcp", "line world", "lost done", "client lost done"},
		},
		{
			name:        "refused by the factory",
			server:      "refuse:",
			client:      "",
			tellsServer: []string{},
			tellsClient: []string{"started", "made", "lost done", "client lost done"},
			only:        func(w world) bool { return !w.server },
		},
		{
			name:        "lose in made, write after it",
			server:      "made: write bye, lose, write more, disconnecting, lose\n lost done: write late, lose, abort, losewrite",
			tellsServer: []string{"made", "write: closed", "disconnecting true", "lost done", "write: closed"},
			tellsClient: []string{"started", "made", "line bye", "lost done", "client lost done"},
		},
		{
			name:        "lose in data, with data left",
			server:      "line a: write bye, lose, write more, resume, pause",
			client:      "made: write a, write b, write c",
			tellsServer: []string{"made", "line a", "write: closed", "lost done"},
			tellsClient: []string{"started", "made", "line bye", "lost done", "client lost done"},
			only:        inMemory, // on a socket what is left unread makes a reset
		},
		{
			name:        "lose in a timer",
			server:      "made: later x 1ms\n timer x: write bye, lose",
			tellsServer: []string{"made", "timer x", "lost done"},
			tellsClient: []string{"started", "made", "line bye", "lost done", "client lost done"},
		},
		{
			name:        "abort in data",
			server:      "line a: write bye, abort, write more, lose, abort, disconnecting\n lost aborted: write late",
			client:      "made: write a",
			tellsServer: []string{"made", "line a", "write: closed", "disconnecting true", "lost aborted", "write: closed"},
			tellsClient: []string{"started", "made", "lost lost", "client lost lost"},
		},
		{
			name:        "abort in made",
			server:      "made: abort",
			tellsServer: []string{"made", "lost aborted"},
		},
		{
			name:        "abort in a timer, after lose",
			server:      "line a: later x 1ms, pause\n timer x: lose, abort",
			client:      "made: write a",
			tellsServer: []string{"made", "line a", "timer x", "lost aborted"},
		},
		{
			name:        "half-close by the client",
			server:      "half:\n line question: write early\n read lost: write answer, lose, write more",
			client:      "half:\n made: write question, losewrite, losewrite, write more",
			tellsServer: []string{"made", "line question", "read lost", "write: closed", "lost done"},
			tellsClient: []string{"started", "made", "write: closed", "write lost", "line early", "line answer", "read lost",
				"lost done", "client lost done"},
		},
		{
			name:        "half-close by the server",
			server:      "half:\n made: write welcome, losewrite\n line thanks: disconnecting",
			client:      "half:\n read lost: write thanks, lose",
			tellsServer: []string{"made", "write lost", "line thanks", "disconnecting false", "read lost", "lost done"},
			tellsClient: []string{"started", "made", "line welcome", "read lost", "lost done", "client lost done"},
		},
		{
			name:        "half-close that the server does not know",
			server:      "line question: write answer",
			client:      "half:\n made: write question, losewrite",
			tellsServer: []string{"made", "line question", "lost done"},
			tellsClient: []string{"started", "made", "write lost", "line answer", "read lost", "lost done", "client lost done"},
		},
		{
			name:        "abort in read lost",
			server:      "half:\n read lost: abort",
			client:      "half:\n made: losewrite",
			tellsServer: []string{"made", "read lost", "lost aborted"},
		},
		{
			name:        "abort in write lost",
			server:      "half:\n made: losewrite\n write lost: abort, write more",
			tellsServer: []string{"made", "write lost", "write: closed", "lost aborted"},
		},
		{
			name:        "pause in made",
			server:      "made: pause, pause, later x 20ms\n timer x: resume\n line a: write b",
			client:      "made: write a\n line b: lose",
			tellsServer: []string{"made", "timer x", "line a", "lost done"},
			tellsClient: []string{"started", "made", "line b", "lost done", "client lost done"},
		},
		{
			name:        "pause in data",
			server:      "line a: pause, write paused, later x 20ms\n timer x: resume, write resumed\n line b: lose",
			client:      "made: write a\n line paused: write b",
			tellsServer: []string{"made", "line a", "timer x", "line b", "lost done"},
			tellsClient: []string{"started", "made", "line paused", "line resumed", "lost done", "client lost done"},
		},
		{
			name:        "a push producer",
			server:      "made: push 500000, push 1",
			client:      "made: count 500000\n received: lose",
			tellsServer: []string{"made", "push: producer registered", "sent {500000}", "lost done"},
			tellsClient: []string{"started", "made", "received {500000}", "lost done", "client lost done"},
		},
		{
			name:        "a pull producer, and lose that waits for it",
			server:      "made: pull 500000, lose\n sent: write more",
			client:      "made: count 500000",
			tellsServer: []string{"made", "sent {500000}", "write: closed", "lost done"},
			tellsClient: []string{"started", "made", "received {500000}", "lost done", "client lost done"},
		},
		{
			name:        "a producer of the client, half-closed",
			server:      "half:\n made: count 500000\n read lost: write thanks, lose",
			client:      "half:\n made: push 500000, losewrite",
			tellsServer: []string{"made", "received {500000}", "read lost", "lost done"},
			tellsClient: []string{"started", "made", "sent {500000}", "write lost", "line thanks", "read lost", "lost done",
				"client lost done"},
		},
		{
			name:        "a producer that is paused by a peer who does not read, and aborts",
			server:      "made: push 100000000\n paused: abort, write more",
			client:      "made: pause",
			tellsServer: []string{"made", "paused", "write: closed", "stopped", "lost aborted"},
		},
		{
			name:        "a producer that is paused and goes on",
			server:      "paused:\n made: push 500000",
			client:      "made: pause, resume-in 1s, count 500000\n received: lose",
			tellsServer: []string{"made", "paused", "sent {500000}", "lost done"},
			tellsClient: []string{"started", "made", "received {500000}", "lost done", "client lost done"},
			only:        inMemory, // the kernel holds more than that
		},
		{
			name:        "FileSender",
			server:      "made: send-file 100000\n file: lose",
			client:      "made: count 100000",
			tellsServer: []string{"made", "file [101] nil", "lost done"},
			tellsClient: []string{"started", "made", "received {100000}", "lost done", "client lost done"},
		},
		{
			name:        "StatefulStringProtocol",
			server:      "made: too-long, states",
			tellsServer: []string{"made", "first a", "second b", "lost done"},
			tellsClient: []string{"started", "made", "lost done", "client lost done"},
		},
		{
			name:        "more output than may wait",
			server:      "made: fill 5000000, write more",
			client:      "made: pause",
			tellsServer: []string{"made", "fill: limit", "write: closed", "lost limit"},
			only:        inMemory, // the kernel may take it
		},
	})
}
