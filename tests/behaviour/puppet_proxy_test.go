package behaviour

import "testing"

// TestPuppetsBehindProxies has clients speak for somebody else, with the header that policy.ProxyClientFactory writes: the
// same in a sandbox, where what is dialled is still what the grants cover.
func TestPuppetsBehindProxies(t *testing.T) {
	const (
		server = "made: addresses\n line secret: write bye, lose"
		client = "\n made: write secret"
	)
	told := func(addresses string) []string { return []string{"made", addresses, "line secret", "lost done"} }
	play(t, []behaviour{
		{
			name: "version 1", proxied: true, server: server,
			client:      "start: dial-for $to 1 192.0.2.1:5000 192.0.2.2:80" + client,
			tellsServer: told("addresses 192.0.2.1:5000 192.0.2.2:80"),
			tellsClient: []string{"started", "made", "line bye", "lost done", "client lost done"},
		},
		{
			name: "version 2, IPv6", proxied: true, server: server,
			client:      "start: dial-for $to 2 [2001:db8::1]:5000 [2001:db8::2]:80" + client,
			tellsServer: told("addresses [2001:db8::1]:5000 [2001:db8::2]:80"),
			tellsClient: []string{"started", "made", "line bye", "lost done", "client lost done"},
		},
		{
			name: "the proxy itself", proxied: true,
			server:      "made: network\n line secret: write bye, lose",
			client:      "start: dial-for $to 2" + client,
			tellsServer: told("network tcp tcp"),
		},
		{
			name: "no header", proxied: true, server: server,
			client:      "made: write secret",
			tellsServer: []string{},
			tellsClient: []string{"started", "made", "lost lost", "client lost lost"},
		},
		{
			name:        "whoever it speaks for, it dials what it may",
			client:      "start: dial-for tcp:192.0.2.9:80 1 127.0.0.1:5000 127.0.0.1:80",
			tellsClient: []string{"started", "failed denied"},
			only:        func(w world) bool { return w.client },
		},
	})
}
