package endpoint

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
)

func TestParseServer(t *testing.T) {
	tests := []struct {
		text string
		want Server
	}{
		{"tcp:80", Server{Text: "tcp:80", Network: "tcp", Address: ":80"}},
		{"tcp:0", Server{Text: "tcp:0", Network: "tcp", Address: ":0"}},
		{"tcp:port=80", Server{Text: "tcp:80", Network: "tcp", Address: ":80"}},
		{"tcp:80:interface=", Server{Text: "tcp:80:interface=", Network: "tcp", Address: ":80"}},
		{
			"tcp:80:backlog=7:interface=127.0.0.1",
			Server{Text: "tcp:80:interface=127.0.0.1:backlog=7", Network: "tcp", Address: "127.0.0.1:80", Backlog: 7},
		},
		{
			`tcp:80:interface=\:\:1`,
			Server{Text: `tcp:80:interface=\:\:1`, Network: "tcp6", Address: "[::1]:80"},
		},
		{"tcp6:80", Server{Text: "tcp6:80", Network: "tcp6", Address: "[::]:80"}},
		{"udp:53", Server{Text: "udp:53", Network: "udp", Address: ":53"}},
		{`udp:53:interface=\:\:1`, Server{Text: `udp:53:interface=\:\:1`, Network: "udp6", Address: "[::1]:53"}},
		{"udp6:53", Server{Text: "udp6:53", Network: "udp6", Address: "[::]:53"}},
		{"unix:/run/x", Server{Text: "unix:/run/x", Network: "unix", Address: "/run/x", Mode: 0o666, LockFile: true}},
		{
			"unix:/run/x:mode=0660:lockfile=0:backlog=3",
			Server{
				Text: "unix:/run/x:mode=0660:backlog=3:lockfile=0", Network: "unix", Address: "/run/x", Mode: 0o660,
				Backlog: 3,
			},
		},
		{"unix:@name", Server{Text: "unix:@name", Network: "unix", Address: "@name", Mode: 0o666}},
		{"unix:\x00name", Server{Text: "unix:\x00name", Network: "unix", Address: "@name", Mode: 0o666}},
		{
			`unix:C\:\\a\=b`,
			Server{Text: `unix:C\:\\a\=b`, Network: "unix", Address: `C:\a=b`, Mode: 0o666, LockFile: true},
		},
		{
			"unixgram:/run/x:lockfile=0:mode=600",
			Server{Text: "unixgram:/run/x:mode=600:lockfile=0", Network: "unixgram", Address: "/run/x", Mode: 0o600},
		},
		{"unixgram:@name", Server{Text: "unixgram:@name", Network: "unixgram", Address: "@name", Mode: 0o666}},
		{"stdio:", Server{Text: "stdio:", Network: "stdio"}},
		{"stdio", Server{Text: "stdio:", Network: "stdio"}},
		{"fd:3:domain=UNIX", Server{Text: "fd:3:domain=UNIX", Network: "fd", FD: 3, Domain: "UNIX"}},
		{"haproxy:tcp:80", Server{Text: "haproxy:tcp:80", Network: "tcp", Address: ":80", Proxy: true}},
		{
			`haproxy:unix:/run/a\:b`,
			Server{
				Text: `haproxy:unix:/run/a\:b`, Network: "unix", Address: "/run/a:b", Mode: 0o666, LockFile: true,
				Proxy: true,
			},
		},
	}
	for _, test := range tests {
		got, err := ParseServer(test.text)
		if err != nil {
			t.Errorf("ParseServer(%q): %v", test.text, err)
			continue
		}
		if *got != test.want {
			t.Errorf("ParseServer(%q) =\n%+v, want\n%+v", test.text, *got, test.want)
		}
		again, err := ParseServer(got.Text)
		if err != nil || *again != test.want {
			t.Errorf("ParseServer(%q), the canonical form, = %+v, %v", got.Text, again, err)
		}
	}
}

func TestParseServerErrors(t *testing.T) {
	tests := []struct {
		text   string
		offset int
		reason string
	}{
		{"", 0, "no endpoint (want TYPE:ARGUMENTS, as in tcp:8080)"},
		{"tpc:80", 0, `unknown type "tpc" of server endpoint (there are fd, haproxy, `},
		{"tcp=80", 0, `unknown type "tcp=80"`},
		{"8080", 0, `unknown type "8080" of server endpoint (TCP is tcp:PORT for servers`},
		{":8080", 0, `unknown type "" of server endpoint (TCP is tcp:PORT`},
		{"tcp", 3, "port is missing: want tcp:PORT"},
		{"tcp:", 4, "port is empty"},
		{"tcp:http", 4, "port is not a number from 0 to 65535"},
		{"tcp:65536", 4, "port is not a number from 0 to 65535"},
		{"tcp:-1", 4, "port is not a number"},
		{"tcp:+1", 4, "port is not a number"},
		{"tcp:80:foo=1", 7, "unknown argument foo (tcp takes interface, backlog)"},
		{"tcp:80:127.0.0.1", 7, `unexpected argument "127.0.0.1" (tcp takes interface, backlog; a colon within`},
		{"tcp:80:interface=::1", 18, `unexpected argument "" (tcp takes interface, backlog; a colon within`},
		{"tcp:80:backlog=0", 15, "backlog is not a number from 1 to "},
		{"tcp:80:backlog=1:backlog=2", 17, "argument backlog is given twice"},
		{"tcp:80:port=81", 4, `unexpected argument "80"`},
		{`tcp:80\`, 6, `backslash at the end (a backslash is written \\)`},
		{"tcp6:80:interface=127.0.0.1", 18, "interface 127.0.0.1 is an IPv4 address (tcp6 listens on IPv6; use tcp)"},
		{"udp6:80:interface=127.0.0.1", 18, "interface 127.0.0.1 is an IPv4 address (udp6 listens on IPv6; use udp)"},
		{"udp:80:backlog=1", 7, "unknown argument backlog (udp takes interface)"},
		{"unix:", 5, "path is empty"},
		{"unix:/x:mode=abc", 13, "mode is not an octal file mode from 0 to 777"},
		{"unix:/x:mode=1777", 13, "mode is not an octal file mode from 0 to 777"},
		{"unix:/x:lockfile=yes", 17, "lockfile is neither 0 nor 1"},
		{"unix:@x:lockfile=1", 17, "an abstract name has no file to lock"},
		{"unix:a\x00b", 5, "path contains a zero byte"},
		{"unix:" + strings.Repeat("x", 108), 5, "path is 108 bytes long (the name of a UNIX socket has at most 107)"},
		{"stdio:1", 6, `unexpected argument "1" (stdio takes no arguments; `},
		{"fd:-1", 3, "fd is not a number"},
		{"fd:3:domain=INET4", 12, `domain "INET4" is none of INET, INET6, UNIX`},
		{"haproxy:", 8, "no endpoint"},
		{"haproxy", 0, "haproxy stands before another endpoint, as in haproxy:tcp:8080"},
		{"haproxy:unixgram:x", 0, "haproxy: the PROXY protocol needs a stream, and unixgram carries datagrams"},
		{"haproxy:udp:53", 0, "haproxy: the PROXY protocol needs a stream, and udp carries datagrams"},
		{"haproxy:haproxy:tcp:80", 0, "haproxy: given twice"},
		{"haproxy:tcp:80:foo=1", 15, "unknown argument foo (tcp takes interface, backlog)"},
		{"haproxy:tpc:80", 8, `unknown type "tpc"`},
		{"systemd:index=0", 15, "domain is missing: systemd takes domain, index, name"},
		{"systemd:domain=INET", 19, "systemd takes index or name, exactly one of them"},
		{"systemd:domain=INET:index=0:name=x", 33, "systemd takes index or name, exactly one of them"},
	}
	t.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid()))
	t.Setenv("LISTEN_FDS", "1")
	for _, test := range tests {
		_, err := ParseServer(test.text)
		wantError(t, test.text, err, test.offset, test.reason)
	}
}

// wantError holds err to be a ParseError whose reason begins with reason.
func wantError(t *testing.T, text string, err error, offset int, reason string) {
	t.Helper()
	perr, ok := err.(*ParseError)
	if !ok {
		t.Errorf("%q: error %v is no *ParseError", text, err)
		return
	}
	if perr.Text != text || perr.Offset != offset || !strings.HasPrefix(perr.Reason, reason) {
		t.Errorf("%q: error at %d of %q: %s; want at %d: %s", text, perr.Offset, perr.Text, perr.Reason, offset, reason)
	}
	if want := fmt.Sprintf("endpoint %q: %s", text, perr.Reason); perr.Error() != want {
		t.Errorf("%q: message %q, want %q", text, perr.Error(), want)
	}
}

func TestSystemd(t *testing.T) {
	pid := strconv.Itoa(os.Getpid())
	tests := []struct {
		text, pid, fds, names string
		fd                    int
		reason                string
	}{
		{"systemd:domain=INET:index=0", pid, "2", "", 3, ""},
		{"systemd:domain=INET:index=1", pid, "2", "web:admin", 4, ""},
		{"systemd:domain=INET:name=admin", pid, "2", "web:admin", 4, ""},
		{"systemd:domain=INET:name=unknown", pid, "2", "web", 4, ""},
		{"systemd:domain=INET:index=2", pid, "2", "", 0, "index 2 is beyond the 2 sockets that were handed over"},
		{"systemd:domain=INET:name=mail", pid, "1", "web", 0, `no socket called "mail" was handed over (there are ["web"])`},
		{"systemd:domain=INET:index=0", "1", "2", "", 0, "no sockets were handed over (LISTEN_PID is not this process)"},
		{"systemd:domain=INET:index=0", pid, "", "", 0, "no sockets were handed over (LISTEN_FDS is not a number)"},
	}
	for _, test := range tests {
		t.Setenv("LISTEN_PID", test.pid)
		t.Setenv("LISTEN_FDS", test.fds)
		t.Setenv("LISTEN_FDNAMES", test.names)
		s, err := ParseServer(test.text)
		switch {
		case test.reason == "" && err != nil:
			t.Errorf("%s: %v", test.text, err)
		case test.reason == "" && (s.Network != "fd" || s.FD != test.fd || s.Domain != "INET"):
			t.Errorf("%s: %+v, want descriptor %d", test.text, s, test.fd)
		case test.reason != "" && (err == nil || !strings.Contains(err.Error(), test.reason)):
			t.Errorf("%s: error %v, want %s", test.text, err, test.reason)
		}
	}
}

func TestCaret(t *testing.T) {
	_, err := ParseServer("tcp:80:föö=ü:foo=1")
	want := "tcp:80:föö=ü:foo=1\n       ^"
	if got := err.(*ParseError).Caret(); got != want {
		t.Errorf("caret:\n%s\nwant:\n%s", got, want)
	}
	_, err = ParseServer("tcp:80:interface=ü\x1b:foo=1")
	want = "tcp:80:interface=ü?:foo=1\n                    ^"
	if got := err.(*ParseError).Caret(); got != want {
		t.Errorf("caret:\n%s\nwant:\n%s", got, want)
	}
}

func TestTooLong(t *testing.T) {
	_, err := ParseServer("unix:" + strings.Repeat("x", maxText))
	if perr, ok := err.(*ParseError); !ok || perr.Reason != "too long" || len(perr.Text) > 100 {
		t.Errorf("error %v", err)
	}
}

func TestRegister(t *testing.T) {
	// The registry lasts as long as the process: with -count the type is there already.
	if _, there := servers["onion"]; !there {
		RegisterServer(Type[Server]{
			Name:       "onion",
			Positional: []string{"port"},
			Named:      []string{"mode", "key"},
			Repeated:   []string{"key"},
			Parse: func(a *Args) (*Server, error) {
				if a.Port("port", 1) == 666 {
					return nil, fs.ErrPermission
				}
				return &Server{Network: "tcp", Address: strings.Join(a.All("key"), "+"), Mode: a.Mode("mode", 1)}, nil
			},
		})
	}
	s, err := ParseServer("onion:5:key=a:mode=2:key=b")
	if err != nil || *s != (Server{Text: "onion:5:mode=2:key=a:key=b", Network: "tcp", Address: "a+b", Mode: 2}) {
		t.Errorf("%+v, %v", s, err)
	}
	_, err = ParseServer("onion:0")
	wantError(t, "onion:0", err, 6, "port is not a number from 1 to 65535")
	_, err = ParseServer("onion:666")
	wantError(t, "onion:666", err, 0, "permission denied")
	defer func() {
		if recover() == nil {
			t.Error("a name was registered twice")
		}
	}()
	RegisterServer(Type[Server]{Name: "onion"})
}
