package endpoint

import (
	"crypto/tls"
	"reflect"
	"testing"
	"time"
)

func TestParseClient(t *testing.T) {
	const s = DefaultTimeout
	tests := []struct {
		text    string
		want    Client
		address string
	}{
		{"tcp:a.test:80", Client{Text: "tcp:a.test:80", Network: "tcp", Host: "a.test", Port: 80, Timeout: s}, "a.test:80"},
		{"tcp:host=a:port=80", Client{Text: "tcp:a:80", Network: "tcp", Host: "a", Port: 80, Timeout: s}, "a:80"},
		{"tcp:port=80:host=a", Client{Text: "tcp:a:80", Network: "tcp", Host: "a", Port: 80, Timeout: s}, "a:80"},
		{"tcp:host=a:80", Client{Text: "tcp:a:80", Network: "tcp", Host: "a", Port: 80, Timeout: s}, "a:80"},
		{"tcp:a:port=80", Client{Text: "tcp:a:80", Network: "tcp", Host: "a", Port: 80, Timeout: s}, "a:80"},
		{`tcp:\:\:1:80`, Client{Text: `tcp:\:\:1:80`, Network: "tcp", Host: "::1", Port: 80, Timeout: s}, "[::1]:80"},
		{
			`tcp:a:80:timeout=2.5:bindAddress=\:\:1`,
			Client{
				Text: `tcp:a:80:timeout=2.5:bindAddress=\:\:1`, Network: "tcp", Host: "a", Port: 80,
				Timeout: 2500 * time.Millisecond, BindAddress: "::1",
			},
			"a:80",
		},
		{"unix:/x:timeout=1", Client{Text: "unix:/x:timeout=1", Network: "unix", Path: "/x", Timeout: time.Second}, "/x"},
		{"unix:/x:lockfile=0", Client{Text: "unix:/x:lockfile=0", Network: "unix", Path: "/x", Timeout: s}, "/x"},
		{
			"unixgram:/x:mode=600:bindAddress=@me",
			Client{
				Text: "unixgram:/x:bindAddress=@me:mode=600", Network: "unixgram", Path: "/x", BindAddress: "@me", Mode: 0o600,
			},
			"/x",
		},
		{"unix:path=@x", Client{Text: "unix:@x", Network: "unix", Path: "@x", Timeout: s}, "@x"},
		{
			"udp:127.0.0.1:53:bindAddress=127.0.0.2",
			Client{
				Text: "udp:127.0.0.1:53:bindAddress=127.0.0.2", Network: "udp", Host: "127.0.0.1", Port: 53, Timeout: s,
				BindAddress: "127.0.0.2",
			},
			"127.0.0.1:53",
		},
	}
	for _, test := range tests {
		got, err := ParseClient(test.text)
		if err != nil {
			t.Errorf("ParseClient(%q): %v", test.text, err)
			continue
		}
		if *got != test.want || got.Address() != test.address {
			t.Errorf("ParseClient(%q) =\n%+v, want\n%+v", test.text, *got, test.want)
		}
		again, err := ParseClient(got.Text)
		if err != nil || *again != test.want {
			t.Errorf("ParseClient(%q), the canonical form, = %+v, %v", got.Text, again, err)
		}
	}
}

func TestParseClientErrors(t *testing.T) {
	tests := []struct {
		text   string
		offset int
		reason string
	}{
		{"", 0, "no endpoint"},
		{"stdio:", 0, `unknown type "stdio" of client endpoint (there are `},
		{"127.0.0.1:80", 0, `unknown type "127.0.0.1" of client endpoint (TCP is tcp:PORT for servers, tcp:HOST:PORT for clients)`},
		{"tcp:80", 6, "port is missing: want tcp:HOST:PORT"},
		{"tcp::80", 4, "host is empty"},
		{"tcp:a:0", 6, "port is not a number from 1 to 65535"},
		{"tcp:[::1]:80", 7, `unexpected argument "1]" (tcp takes timeout, bindAddress; a colon within a value is written \:)`},
		{`tcp:[\:\:1]:80`, 4, `host begins with a bracket (an IPv6 address is written without, with escaped colons: `},
		{"tcp:::1:80", 6, `unexpected argument "1"`},
		{"tcp:a:80:timeout=0", 17, "timeout is not a positive number of seconds"},
		{"tcp:a:80:timeout=-1", 17, "timeout is not a positive number of seconds"},
		{"tcp:a:80:timeout=NaN", 17, "timeout is not a positive number of seconds"},
		{"tcp:a:80:timeout=1e300", 17, "timeout is not a positive number of seconds"},
		{"tcp:a:80:bindAddress=example.com", 21, "bindAddress is not an IP address"},
		{"unix:/x:lockfile=1", 17, "lockfile=1 is for servers"},
		{"udp:a:80:timeout=1", 9, "unknown argument timeout (udp takes bindAddress)"},
		{"ssl:a:443:hostname=é", 19, "hostname é: the name is not ASCII"},
		{"ssl:é:443", 4, "host é: the name is not ASCII"},
		{"tls:a:443:alpn=h2,", 15, "alpn names a protocol of 0 bytes"},
		{"tls:a:443:endpoint=ssl\\:b\\:443", 19, "endpoint: the endpoint has TLS already"},
		{"tls:a:443:endpoint=udp\\:b\\:443", 19, "endpoint: TLS needs a stream"},
		{"tls:a:443:endpoint=tcp\\:b\\:0", 27, `endpoint "tcp:b:0": port is not a number from 1 to 65535`},
		{"tls:a:443:timeout=1:endpoint=tcp\\:b\\:1", 18, "with endpoint=, timeout belongs into the endpoint"},
	}
	for _, test := range tests {
		_, err := ParseClient(test.text)
		wantError(t, test.text, err, test.offset, test.reason)
	}
}

func TestWrapClientTLS(t *testing.T) {
	inner, err := ParseClient("unix:/x")
	if err != nil {
		t.Fatal(err)
	}
	cfg := &tls.Config{NextProtos: []string{"h2"}}
	wrapped, err := WrapClientTLS(cfg, "example.com.", inner)
	if err != nil || wrapped.TLS.ServerName != "example.com" || wrapped.Path != "/x" ||
		inner.TLS != nil || cfg.ServerName != "" {
		t.Errorf("%+v, %v", wrapped, err)
	}
	named, err := WrapClientTLS(&tls.Config{ServerName: "a"}, "b", inner)
	if err != nil || named.TLS.ServerName != "a" {
		t.Errorf("%+v, %v", named, err)
	}
	if _, err := WrapClientTLS(cfg, "é", inner); err == nil {
		t.Error("a name that is not ASCII was taken")
	}
	if !reflect.DeepEqual(cfg.NextProtos, wrapped.TLS.NextProtos) {
		t.Error("the configuration was not kept")
	}
}
