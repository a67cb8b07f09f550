package scenario

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// rounds is how often each client of the scenario comes.
const rounds = 3

// A site is what the operator of a small server runs in one process.
type site struct {
	*operator
	pki                                                             *trial.PKI
	page                                                            string // what web serves as /page
	web, nethttp, forward, socks, redis, dns, chat, secure, villain *service
}

func newSite(t *testing.T) *site {
	t.Helper()
	files := t.TempDir()
	st := &site{operator: newOperator(t, 2, slog.LevelDebug), pki: trial.NewPKI(t), page: strings.Repeat("a page of many lines\n", 20_000)}
	if err := os.WriteFile(filepath.Join(files, "page"), []byte(st.page), 0o600); err != nil {
		t.Fatal(err)
	}
	wasm := filepath.Join(files, "villain.wasm")
	if _, err := run(t.Context(), "", "wat2wasm", "testdata/villain.wat", "-o", wasm); err != nil {
		t.Fatal(err)
	}
	guest, err := os.ReadFile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	st.web = st.builtin("web", host.ServiceConfig{
		Config: map[string]string{"serve": "files"}, Grants: granted(t, "mount="+files+":/www"),
	}, localhost)
	st.nethttp = st.builtin("nethttp", host.ServiceConfig{Config: map[string]string{"text": "by net/http"}}, localhost)
	st.forward = st.builtin("portforward", host.ServiceConfig{
		Config: map[string]string{"to": "tcp:" + st.web.address}, Grants: granted(t, "dial=tcp:"+st.web.address),
	}, localhost)
	st.socks = st.builtin("socks", host.ServiceConfig{Grants: granted(t, "dial=tcp:"+st.forward.address)}, localhost)
	st.redis = st.builtin("redis", host.ServiceConfig{Limits: host.Limits{FuelRate: host.Unlimited}}, localhost)
	st.dns = st.builtin("dns", host.ServiceConfig{Config: map[string]string{
		"origin": "example.", "zone": "@ SOA ns root 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nwww 60 A 192.0.2.7\n",
	}}, localhost, localhostUDP)
	st.chat = st.builtin("chat", host.ServiceConfig{}, localhost)
	st.secure = st.builtin("echo", host.ServiceConfig{Name: "secure", Wrap: func(f protocol.Factory) protocol.Factory {
		return policy.NewLimitTotalConnectionsFactory(f, rounds+1, nil)
	}}, st.pki.Server())
	st.villain = st.serve(st.load("villain", guest), host.ServiceConfig{Limits: host.Limits{Fuel: 20_000_000}}, localhost)
	return st
}

// TestOneProcess: a web server behind a port forward behind a proxy, a database, names, a chat and an echo with TLS in one
// process, with a guest beside them that misbehaves. The clients of all of them come at once.
func TestOneProcess(t *testing.T) {
	st := newSite(t)
	ann := join(t, st.chat.address, "Ann", "Ann")
	bystander, err := dial("tcp", st.villain.address)
	if err != nil {
		t.Fatal(err)
	}
	defer bystander.Close()
	var group sync.WaitGroup
	for what, client := range st.clients() {
		group.Go(func() {
			for n := range rounds {
				if err := client(t.Context(), n); err != nil {
					t.Errorf("%s, round %d: %v", what, n, err)
				}
			}
		})
	}
	group.Go(func() {
		bob := join(t, st.chat.address, "Bob", "Ann, Bob")
		ann.hears(t, "* Bob has come")
		for n := range rounds {
			ann.say(t, fmt.Sprint("are you there ", n))
			bob.hears(t, fmt.Sprint("<Ann> are you there ", n))
			bob.say(t, fmt.Sprint("I am ", n))
			ann.hears(t, fmt.Sprint("<Bob> I am ", n))
		}
		bob.Close()
		ann.hears(t, "* Bob has gone")
	})
	group.Wait()
	if err := trip(bystander, "a connection of the villain's that did nothing"); err != nil {
		t.Error(err)
	}
	st.drain(t, ann, bystander)
	st.audit(t)
}

// clients are the programs that people have, and what each must see.
func (st *site) clients() map[string]func(context.Context, int) error {
	port := func(address string) string { return address[strings.LastIndexByte(address, ':')+1:] }
	end := func(what string) func(context.Context, int) error {
		return func(context.Context, int) error {
			c, err := dial("tcp", st.villain.address)
			if err != nil {
				return err
			}
			defer c.Close()
			if err := trip(c, "still sane"); err != nil {
				return err
			}
			if _, err := io.WriteString(c, what); err != nil {
				return err
			}
			if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
				return fmt.Errorf("the villain goes on after %s", what)
			}
			return nil
		}
	}
	return map[string]func(context.Context, int) error{
		"curl through proxy and port forward": func(ctx context.Context, _ int) error {
			return expect(ctx, st.page, "", "curl", "-sS", "--socks5", st.socks.address, "http://"+st.forward.address+"/page")
		},
		"curl to another address through the proxy": func(ctx context.Context, _ int) error {
			got, err := run(ctx, "", "curl", "-sS", "--socks5", st.socks.address, "http://"+st.web.address+"/page")
			if err == nil {
				return fmt.Errorf("it is not granted, and gets %.100q", got)
			}
			return nil
		},
		"curl to net/http": func(ctx context.Context, _ int) error {
			return expect(ctx, "by net/http", "", "curl", "-sS", "http://"+st.nethttp.address+"/")
		},
		"redis-cli": func(ctx context.Context, n int) error {
			return expect(ctx, fmt.Sprintf("OK\n%d\n", n+1), fmt.Sprintf("set key %d\nincr key\n", n), "redis-cli", "-p", port(st.redis.address))
		},
		"dig": func(ctx context.Context, _ int) error {
			return expect(ctx, "192.0.2.7\n", "", "dig", "+short", "@127.0.0.1", "-p", port(st.dns.datagrams), "www.example")
		},
		"dig over TCP": func(ctx context.Context, _ int) error {
			return expect(ctx, "192.0.2.7\n", "", "dig", "+short", "+tcp", "@127.0.0.1", "-p", port(st.dns.address), "www.example")
		},
		"openssl": func(ctx context.Context, n int) error {
			return talkTLS(ctx, fmt.Sprintf("secret %d\n", n), "-CAfile", st.pki.Root, "-verify_hostname", trial.ServerName,
				"-connect", st.secure.address)
		},
		"who makes the villain loop": end("L"),
		"who makes the villain trap": end("T"),
	}
}

// drain has the operator end the process: nobody new is let in, who is there may finish, and then everything ends.
func (st *site) drain(t *testing.T, ann member, bystander net.Conn) {
	t.Helper()
	if err := st.reactor.Drain(patience); err != nil {
		t.Fatal(err)
	}
	for _, s := range st.services {
		for refused := false; !refused; { // the ports are closed on the loops, one after the other
			c, err := dial("tcp", s.address)
			if refused = err != nil; !refused {
				c.Close()
			}
		}
	}
	ann.say(t, "/me turns off the light")
	if err := trip(bystander, "and I say good night"); err != nil {
		t.Error(err)
	}
	ann.Close()
	bystander.Close()
	st.end()
}

// audit holds what was counted and billed to what the clients did.
func (st *site) audit(t *testing.T) {
	t.Helper()
	type count struct{ connections, dials, traps, loops uint64 }
	bills := map[string][]record{}
	for _, r := range st.log.records(t) {
		if r.Msg == "connection closed" {
			bills[r.Service] = append(bills[r.Service], r)
		}
	}
	for s, want := range map[*service]count{
		st.web: {connections: rounds}, st.nethttp: {connections: rounds}, st.redis: {connections: rounds},
		st.forward: {connections: 2 * rounds, dials: rounds}, // with those that it dials
		st.socks:   {connections: 3 * rounds, dials: rounds}, // two clients in each round, one of them in vain
		st.dns:     {connections: rounds}, st.chat: {connections: 2}, st.secure: {connections: rounds},
		st.villain: {connections: 2*rounds + 1, traps: rounds, loops: rounds},
	} {
		is := s.Stats()
		if got := (count{is.Connections, is.Dials, is.Traps, is.Breaches["fuel"]}); got != want {
			t.Errorf("%s counts %+v, want %+v", s.Name(), got, want)
		}
		if n := uint64(len(bills[s.Name()])); n != want.connections {
			t.Errorf("%s: %d connections are billed, want %d", s.Name(), n, want.connections)
		}
		var fuel uint64
		for _, b := range bills[s.Name()] {
			fuel += b.Bill.Fuel
			if s == st.secure && (b.Bill.In != uint64(len("secret 0\n")) || b.Bill.Out != b.Bill.In || b.Bill.Calls == 0) {
				t.Errorf("an echo is billed %+v", b.Bill)
			}
		}
		if fuel == 0 || fuel > is.Fuel { // start-up and datagrams are on nobody's bill
			t.Errorf("%s: %d units of fuel are billed, of %d", s.Name(), fuel, is.Fuel)
		}
	}
}
