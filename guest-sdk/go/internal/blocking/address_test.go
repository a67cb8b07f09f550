package blocking

import (
	"strings"
	"testing"
)

func TestEndpoints(t *testing.T) {
	for _, c := range []struct{ network, address, client, server string }{
		{"tcp", "example.org:80", "tcp:example.org:80", "tcp:80:interface=example.org"},
		{"tcp4", "127.0.0.1:http", "tcp:127.0.0.1:80", "tcp:80:interface=127.0.0.1"},
		{"tcp", "[::1]:80", `tcp:\:\:1:80`, `tcp6:80:interface=\:\:1`},
		{"tcp", ":80", "tcp:127.0.0.1:80", "tcp:80"},
		{"tcp6", ":0", `tcp:\:\:1:0`, "tcp6:0"},
		{"udp", "a=b:53", `udp:a\=b:53`, `udp:53:interface=a\=b`},
		{"unix", "/run/a:b", `unix:/run/a\:b`, `unix:/run/a\:b`},
		{"tls", "example.org:443", "tls:example.org:443", ""},
		{"tcp", "example.org", "", ""},
		{"tcp", "example.org:99999", "", ""},
		{"ipx", "example.org:1", "", ""},
		{"unixgram", "/x", "", ""},
	} {
		client, err := clientEndpoint(c.network, c.address)
		if client != c.client || (err != nil) != (c.client == "") {
			t.Errorf("Dial %s %s: %q, %v, want %q", c.network, c.address, client, err, c.client)
		}
		server, err := serverEndpoint(c.network, c.address)
		if server != c.server || (err != nil) != (c.server == "") {
			t.Errorf("Listen %s %s: %q, %v, want %q", c.network, c.address, server, err, c.server)
		}
	}
}

// No address makes an endpoint with arguments that the address does not name.
func FuzzEndpoints(f *testing.F) {
	f.Add("tcp", "127.0.0.1:80")
	f.Add("unix", `/a:b=c\`)
	f.Add("udp6", "[::1%eth0:x=y]:53")
	f.Fuzz(func(t *testing.T, network, address string) {
		for most, make := range map[int]func(string, string) (string, error){2: clientEndpoint, 3: serverEndpoint} {
			endpoint, err := make(network, address)
			if err != nil {
				continue
			}
			plain := strings.NewReplacer(`\\`, "", `\:`, "", `\=`, "").Replace(endpoint)
			if n := strings.Count(plain, ":"); n > 2 || strings.Count(plain, "=") > most-2 || strings.Contains(plain, `\`) {
				t.Errorf("%q %q makes %q", network, address, endpoint)
			}
		}
	})
}
