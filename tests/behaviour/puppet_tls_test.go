package behaviour

import "testing"

// TestPuppetsOnTLS plays STARTTLS in the middle of a stream, from both sides.
func TestPuppetsOnTLS(t *testing.T) {
	const (
		upgrades = "line starttls: write go, starttls server identity=server alpn=x/y"
		client   = "made: write starttls\n line go: starttls client name=server.test identity=client alpn=y/z"
	)
	play(t, []behaviour{
		{
			name:   "asked for by the client",
			server: upgrades + "\n handshake: tls\n line secret: write bye, lose",
			client: client + ", tls\n handshake: tls, write secret",
			tellsServer: []string{"made", "line starttls", "handshake",
				"tls TLS 1.3 alpn=y name=server.test peer=nobody verified=false", "line secret", "lost done"},
			tellsClient: []string{"started", "made", "line go", "tls none", "handshake",
				"tls TLS 1.3 alpn=y name=server.test {server}", "line bye", "lost done", "client lost done"},
		},
		{
			name:        "what is written meanwhile is encrypted",
			server:      "line starttls: write go, starttls server identity=server, write early\n line secret: lose",
			client:      "made: write starttls\n line go: starttls client name=server.test identity=client, write secret",
			tellsServer: []string{"made", "line starttls", "handshake", "line secret", "lost done"},
		},
		{
			name:        "twice, and after the end",
			server:      upgrades + ", starttls server identity=server\n handshake: starttls server identity=server, lose, starttls server identity=server",
			client:      client,
			tellsServer: []string{"made", "line starttls", "starttls: TLS active", "handshake", "starttls: TLS active", "starttls: closed", "lost done"},
			tellsClient: []string{"started", "made", "line go", "handshake", "lost done", "client lost done"},
		},
		{
			name:        "abort in the handshake's event",
			server:      upgrades + "\n handshake: abort, write more",
			client:      client,
			tellsServer: []string{"made", "line starttls", "handshake", "write: closed", "lost aborted"},
		},
		{
			name:        "something else than a handshake",
			server:      upgrades,
			client:      "made: write starttls\n line go: write what-is-this-supposed-to-mean",
			tellsServer: []string{"made", "line starttls", "lost tls"},
		},
		{
			name:        "no protocol in common",
			server:      upgrades,
			client:      "made: write starttls\n line go: starttls client name=server.test identity=client alpn=q",
			tellsServer: []string{"made", "line starttls", "lost tls"},
			tellsClient: []string{"started", "made", "line go", "lost tls", "client lost tls"},
		},
		{
			name:        "a certificate for another name",
			server:      upgrades,
			client:      "made: write starttls\n line go: starttls client name=other.test identity=client",
			tellsClient: []string{"started", "made", "line go", "lost tls", "client lost tls"},
			only:        onSockets, // memory has no certificates
		},
		{
			name: "mutual, the server demands a certificate",
			server: "line starttls: write go, starttls server identity=strict alpn=x/y\n handshake: tls\n" +
				"line secret: write bye, lose",
			client: client + "\n handshake: tls, write secret",
			tellsServer: []string{"made", "line starttls", "handshake",
				"tls TLS 1.3 alpn=y name=server.test {client}", "line secret", "lost done"},
			tellsClient: []string{"started", "made", "line go", "handshake",
				"tls TLS 1.3 alpn=y name=server.test {server}", "line bye", "lost done", "client lost done"},
			only: func(w world) bool { return w.sockets && !w.server }, // the identity's own demand
		},
		{
			name: "mutual, the protocol demands a certificate",
			server: "line starttls: write go, starttls server identity=server clients=require alpn=x/y\n handshake: tls\n" +
				"line secret: write bye, lose",
			client: client + "\n handshake: write secret",
			tellsServer: []string{"made", "line starttls", "handshake",
				"tls TLS 1.3 alpn=y name=server.test {client}", "line secret", "lost done"},
			tellsClient: []string{"started", "made", "line go", "handshake", "line bye", "lost done", "client lost done"},
		},
		{
			name:        "a certificate is demanded, and there is none",
			server:      "line starttls: write go, starttls server identity=server clients=require",
			client:      "made: write starttls\n line go: starttls client name=server.test",
			tellsServer: []string{"made", "line starttls", "lost tls"},
			only:        func(w world) bool { return !w.sockets || w.client }, // natively such a client has the system's roots
		},
		{
			name:        "a certificate is asked for, and there is none",
			server:      "line starttls: write go, starttls server identity=server clients=request\n handshake: tls, lose",
			client:      "made: write starttls\n line go: starttls client name=server.test",
			tellsServer: []string{"made", "line starttls", "handshake", "tls TLS 1.3 alpn= name=server.test peer=nobody verified=false", "lost done"},
			only:        func(w world) bool { return !w.sockets || w.client }, // natively such a client has the system's roots
		},
		{
			name:        "demands that make no sense",
			server:      "line starttls: write go, starttls client name=x clients=require, lose",
			client:      "made: write starttls",
			tellsServer: []string{"made", "line starttls", "starttls: ClientCertificate is a server's option", "lost done"},
		},
		{
			name:        "pulled through TLS, with the end of it",
			server:      upgrades + "\n handshake: pull 300000, lose",
			client:      client + "\n handshake: count 300000",
			tellsServer: []string{"made", "line starttls", "handshake", "sent {300000}", "lost done"},
			tellsClient: []string{"started", "made", "line go", "handshake", "received {300000}", "lost done", "client lost done"},
		},
		{
			name:        "half-close through TLS",
			server:      "half:\n" + upgrades + "\n line secret: disconnecting\n read lost: write answer, lose",
			client:      "half:\n" + client + "\n handshake: write secret, losewrite",
			tellsServer: []string{"made", "line starttls", "handshake", "line secret", "disconnecting false", "read lost", "lost done"},
			tellsClient: []string{"started", "made", "line go", "handshake", "write lost", "line answer", "read lost", "lost done", "client lost done"},
		},
	})
}
