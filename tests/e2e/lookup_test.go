package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testpeer"
)

func TestFingerTellsTheFingerProgram(t *testing.T) {
	s := serve(t, "run", "finger", "--listen", "tcp:0:interface=127.0.0.1", "--set", "list=true", "--set", "crlf=true",
		"--set", `users=ann:Ann Example:Out to lunch.\nBack at two.;bob`)
	// finger knows one port only, 79, which takes privileges; so it is led to this one.
	conf := proxychains(t, "socks4", detour(t, "127.0.0.1:"+s.port(0)))
	for _, c := range []struct {
		args string
		want []string
	}{
		{"ann@192.0.2.79", []string{"Login: ann", "Name: Ann Example"}},
		{"-l ann@192.0.2.79", []string{"Login: ann", "Plan:", "Out to lunch.", "Back at two."}},
		{"@192.0.2.79", []string{"ann              Ann Example", "bob"}},
		{"eve@192.0.2.79", []string{"Login: eve", "No such user"}},
		{"eve@elsewhere@192.0.2.79", []string{"Finger forwarding service denied"}},
	} {
		got := command(t, "", "proxychains4", append([]string{"-q", "-f", conf, "finger"}, strings.Fields(c.args)...)...)
		for _, want := range c.want {
			if !strings.Contains(got.stdout, want) {
				t.Errorf("finger %s says %q, %q, want %q", c.args, got.stdout, got.stderr, want)
			}
		}
	}
}

// detour is a SOCKS 4 proxy that leads every connection to address.
func detour(t *testing.T, address string) (port string) {
	t.Helper()
	proxy := testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) {
		in := bufio.NewReader(c)
		to, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		defer to.Close()
		if _, err := in.Discard(8); err != nil {
			return
		}
		if _, err := in.ReadString(0); err != nil { // the user id
			return
		}
		fmt.Fprint(c, "\x00\x5a\x00\x00\x00\x00\x00\x00")
		go io.Copy(to, in)
		io.Copy(c, to)
	})
	_, port, _ = net.SplitHostPort(proxy)
	return port
}

// proxychains writes a configuration of proxychains4 for one proxy on this machine; words follow its port.
func proxychains(t *testing.T, kind, port string, words ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "proxychains.conf")
	text := fmt.Sprintf("strict_chain\nremote_dns_subnet 224\ntcp_read_time_out 60000\ntcp_connect_time_out 60000\n[ProxyList]\n%s 127.0.0.1 %s %s\n",
		kind, port, strings.Join(words, " "))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestIdentAndTCPMapAnswerNetcat(t *testing.T) {
	ident := serve(t, "run", "ident", "--listen", "tcp:0:interface=127.0.0.1", "--set", "table=*,25=UNIX,mailer;6667,*=NO-USER", "--set", "default=HIDDEN-USER")
	got := command(t, "40001, 25\r\n6667,1\r\n1,2\r\n0,2\r\n", "nc", "-N", "127.0.0.1", ident.port(0))
	if want := "40001, 25 : USERID : UNIX : mailer\r\n6667, 1 : ERROR : NO-USER\r\n1, 2 : ERROR : HIDDEN-USER\r\n0, 2 : ERROR : INVALID-PORT\r\n"; got.stdout != want {
		t.Errorf("ident: %q, want %q", got.stdout, want)
	}
	tcpmap := serve(t, "run", "tcpmap", "--listen", "tcp:0:interface=127.0.0.1", "--set", "map=ann@example.org ann b;%3b semicolon")
	got = command(t, "get ann%40example.org\nget %3B\nget bob\nput a b\n", "nc", "-N", "127.0.0.1", tcpmap.port(0))
	if want := "200 ann%20b\n200 semicolon\n500 \n500 put is not implemented yet.\n"; got.stdout != want {
		t.Errorf("tcpmap: %q, want %q", got.stdout, want)
	}
}

// Peers that send too much, too little or nothing that makes sense, and neighbours that do not notice.
func TestHostilePeersOfLookups(t *testing.T) {
	for module, neighbour := range map[string][2]string{
		"finger": {"ann\r\n", "Login: ann\nNo such user\n"},
		"ident":  {"1, 2\r\n", "1, 2 : ERROR : UNKNOWN-ERROR\r\n"},
		"tcpmap": {"get a\n", "500 \n"},
	} {
		t.Run(module, func(t *testing.T) {
			s := serve(t, "run", module, "--listen", "tcp:0:interface=127.0.0.1", "--set", "timeout=1s")
			slow := dialTo(t, "127.0.0.1:"+s.port(0))
			if _, err := io.WriteString(slow, "get 1,"); err != nil {
				t.Fatal(err)
			}
			endless := dialTo(t, "127.0.0.1:"+s.port(0))
			if _, err := io.Copy(endless, io.LimitReader(letters{}, 8<<20)); err != nil && !reset(err) {
				t.Errorf("endless: %v", err)
			}
			if _, err := io.ReadAll(endless); err != nil && !reset(err) {
				t.Errorf("endless: %v", err)
			}
			truncated := dialTo(t, "127.0.0.1:"+s.port(0))
			if _, err := io.WriteString(truncated, "ge"); err != nil {
				t.Fatal(err)
			}
			truncated.Close()
			if got := command(t, neighbour[0], "nc", "-N", "127.0.0.1", s.port(0)); got.stdout != neighbour[1] {
				t.Errorf("the neighbour is told %q", got.stdout)
			}
			if got, err := io.ReadAll(slow); err != nil && !reset(err) || len(got) > 0 {
				t.Errorf("slow: %q, %v", got, err)
			}
		})
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// reset reports whether err is what closing a connection with bytes unread looks like.
func reset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
