package redis

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// shop is a server and its clients, in memory.
type shop struct {
	t       *testing.T
	reactor *reactortest.Reactor
	server  *server
}

func open(t *testing.T, c Config) *shop {
	t.Helper()
	r := reactortest.NewReactor()
	f, err := New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t, r, f.(*server)}
}

// peer is the other end of one client.
type peer struct {
	reactortest.Recorder
	shop *shop
	pair *reactortest.Pair
}

func (s *shop) connect() *peer {
	p := &peer{shop: s}
	p.pair = s.reactor.Join(p, s.server.BuildProtocol(reactortest.NewStringTransport().PeerAddress))
	s.reactor.Settle()
	return p
}

// send sends inline commands, and returns what comes back with a space in place of each end of a line.
func (p *peer) send(lines ...string) string {
	p.shop.t.Helper()
	for _, line := range lines {
		if _, err := p.Transport.Write([]byte(line + "\r\n")); err != nil {
			p.shop.t.Fatal(err)
		}
	}
	p.shop.reactor.Settle()
	return strings.TrimSuffix(strings.ReplaceAll(p.Take(), "\r\n", " "), " ")
}

func (p *peer) expect(line, want string) {
	p.shop.t.Helper()
	if got := p.send(line); got != want {
		p.shop.t.Errorf("%s: %q, want %q", line, got, want)
	}
}

func TestRequests(t *testing.T) {
	for _, c := range []struct{ name, input, output string }{
		{"inline", "PING\r\nping\nECHO 'a b'\r\n\r\n  \r\nECHO \"\\x41\\n\"\r\n", "+PONG\r\n+PONG\r\n$3\r\na b\r\n$2\r\nA\n\r\n"},
		{"array", "*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n*1\r\n$4\r\nPING\r\n", "$2\r\n\r\n\r\n+PONG\r\n"},
		{"empty arrays", "*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
		{"mixed", "SET a 1\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$0\r\n\r\nMGET a b\r\n", "+OK\r\n+OK\r\n*2\r\n$1\r\n1\r\n$0\r\n\r\n"},
		{"quotes", "ECHO \"a\r\nPING\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
		{"length", "*x\r\nPING\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"many", "*101\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"no bulk", "*1\r\n+PING\r\n", "-ERR Protocol error: expected '$', got '+'\r\n"},
		{"bulk", "*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"large bulk", "*1\r\n$1001\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"large request", "*3\r\n$900\r\n" + strings.Repeat("x", 900) + "\r\n$900\r\n" + strings.Repeat("x", 900) + "\r\n$900\r\n",
			"-ERR Protocol error: too big request\r\n"},
		{"quit", "QUIT\r\nPING\r\n", "+OK\r\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			reactortest.CheckChunks(t, []byte(c.input), func() (protocol.Protocol, func() string) { return build(t), nil })
			r := reactortest.Feed(build(t), []byte(c.input), reactortest.Whole())
			if wantClosed := strings.Contains(c.output, "Protocol error") || c.name == "quit"; r.Output != c.output || r.Closed != wantClosed {
				t.Errorf("%v, want %q, closed %v", r, c.output, wantClosed)
			}
		})
	}
}

// build makes a client of a new server.
func build(t testing.TB) protocol.Protocol {
	t.Helper()
	f, err := New(reactortest.NewReactor(), Config{MaxArgs: 100, MaxBulk: 1000, MaxRequest: 2000})
	if err != nil {
		t.Fatal(err)
	}
	return f.BuildProtocol(nil)
}

func TestExpiry(t *testing.T) {
	s := open(t, Config{})
	p := s.connect()
	p.expect("SET a 1 PX 1500", "+OK")
	p.expect("SET b 1 EX 10", "+OK")
	p.expect("TTL a", ":2")
	s.reactor.Advance(1499 * time.Millisecond)
	p.expect("PTTL a", ":1")
	s.reactor.Advance(time.Millisecond)
	p.expect("GET a", "$-1")
	p.expect("TTL b", ":9") // of 8.5 seconds
	before := s.server.used
	s.reactor.Advance(9 * time.Second)
	if s.server.dbs[0].keys.len() != 0 || s.server.used >= before || s.server.used != 0 {
		t.Errorf("%d keys are left, %d bytes", s.server.dbs[0].keys.len(), s.server.used)
	}
	if s.server.timer != nil {
		t.Error("a timer is left")
	}
}

// Many keys that expire at the same time do not stop the others' requests.
func TestManyKeysExpireInBatches(t *testing.T) {
	s := open(t, Config{})
	p := s.connect()
	for i := range 3 * batch {
		p.send(fmt.Sprintf("SET k%d x PX 1000", i))
	}
	s.reactor.Advance(2 * time.Second)
	if n := s.server.dbs[0].keys.len(); n != 0 {
		t.Errorf("%d keys are left", n)
	}
	if s.server.expired != 3*batch {
		t.Errorf("%d keys have expired", s.server.expired)
	}
}

func TestBlockingPop(t *testing.T) {
	s := open(t, Config{})
	first, second, third := s.connect(), s.connect(), s.connect()
	first.expect("BLPOP x l 0", "")
	second.expect("BRPOP l 5", "")
	first.expect("PING", "")
	third.expect("RPUSH l a b c", ":3")
	if got := strings.ReplaceAll(first.Take(), "\r\n", " "); got != "*2 $1 l $1 a +PONG " {
		t.Errorf("the first is given %q", got)
	}
	if got := second.Take(); got != "*2\r\n$1\r\nl\r\n$1\r\nc\r\n" {
		t.Errorf("the second is given %q", got)
	}
	third.expect("LRANGE l 0 -1", "*1 $1 b")
	second.expect("BLPOP nothing 2", "")
	s.reactor.Advance(2 * time.Second)
	if got := second.Take(); got != "*-1\r\n" {
		t.Errorf("after the timeout: %q", got)
	}
	// One that has gone is passed over, and nothing waits for it.
	first.expect("BLPOP m 0", "")
	second.expect("BLPOP m 0", "")
	first.Transport.AbortConnection()
	s.reactor.Settle()
	third.expect("MULTI", "+OK")
	third.expect("LPUSH m 1", "+QUEUED")
	third.expect("LPUSH m 2", "+QUEUED")
	third.expect("EXEC", "*2 :1 :2")
	if got := second.Take(); got != "*2\r\n$1\r\nm\r\n$1\r\n2\r\n" {
		t.Errorf("after a transaction: %q", got)
	}
	if d := s.server.dbs[0]; len(d.waiting) != 0 {
		t.Errorf("%d keys are waited for", len(d.waiting))
	}
}

func TestWatch(t *testing.T) {
	s := open(t, Config{})
	a, b := s.connect(), s.connect()
	a.expect("WATCH k", "+OK")
	a.expect("MULTI", "+OK")
	a.expect("SET k a", "+QUEUED")
	b.expect("SET k b", "+OK")
	a.expect("EXEC", "*-1")
	a.expect("GET k", "$1 b")
	a.expect("PEXPIRE k 10", ":1")
	a.expect("WATCH k", "+OK")
	s.reactor.Advance(time.Second)
	a.expect("MULTI", "+OK")
	a.expect("EXEC", "*-1")
	a.expect("WATCH k", "+OK")
	a.Transport.AbortConnection()
	s.reactor.Settle()
	if n := len(s.server.dbs[0].watched); n != 0 {
		t.Errorf("%d keys are watched by nobody", n)
	}
}

func TestPublish(t *testing.T) {
	s := open(t, Config{})
	a, b, c := s.connect(), s.connect(), s.connect()
	a.expect("SUBSCRIBE news", "*3 $9 subscribe $4 news :1")
	if got := b.send("HELLO 3"); !strings.HasPrefix(got, "%7 ") {
		t.Errorf("HELLO: %q", got)
	}
	b.expect("PSUBSCRIBE n* x", ">3 $10 psubscribe $2 n* :1 >3 $10 psubscribe $1 x :2")
	c.expect("PUBLISH news hello", ":2")
	if got := a.Take(); got != "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$5\r\nhello\r\n" {
		t.Errorf("the subscriber is told %q", got)
	}
	if got := b.Take(); got != ">4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$5\r\nhello\r\n" {
		t.Errorf("the subscriber to a pattern is told %q", got)
	}
	c.expect("PUBSUB CHANNELS", "*1 $4 news")
	c.expect("PUBSUB NUMPAT", ":2")
	a.Transport.LoseConnection()
	b.Transport.LoseConnection()
	s.reactor.Settle()
	c.expect("PUBLISH news hello", ":0")
	if s.server.used != 0 || len(s.server.channels)+len(s.server.patterns) != 0 {
		t.Errorf("subscriptions are left: %d bytes", s.server.used)
	}
}

func TestPassword(t *testing.T) {
	s := open(t, Config{Password: "secret"})
	p := s.connect()
	p.expect("GET a", "-NOAUTH Authentication required.")
	p.expect("AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled.")
	p.expect("AUTH default secret", "+OK")
	p.expect("GET a", "$-1")
	p.expect("RESET", "+RESET")
	p.expect("GET a", "-NOAUTH Authentication required.")
	if got := p.send("HELLO 3 AUTH default secret SETNAME me"); !strings.HasPrefix(got, "%7 ") {
		t.Errorf("HELLO: %q", got)
	}
	p.expect("CLIENT GETNAME", "$2 me")
	for _, request := range []string{"*11", "*1\r\n$16385"} {
		if got := s.connect().send(request); !strings.Contains(got, "unauthenticated") {
			t.Errorf("%q: %q", request, got)
		}
	}
}

func TestConfigure(t *testing.T) {
	values := map[string]string{
		"password": "p", "databases": "2", "max-memory": "3", "max-bulk": "4", "max-args": "5", "max-request": "6", "max-output": "7",
		"max-clients": "8",
	}
	c, err := Configure(func(key string) (string, bool) { v, ok := values[key]; return v, ok })
	if want := (Config{"p", 2, 3, 4, 5, 6, 7, 8}); err != nil || c != want {
		t.Errorf("%+v, %v, want %+v", c, err, want)
	}
	for key := range values {
		_, err := Configure(func(k string) (string, bool) { return "0", k == key })
		if key != "password" && (err == nil || !strings.HasPrefix(err.Error(), key+"=")) {
			t.Errorf("%s=0: %v", key, err)
		}
	}
	if _, err := New(nil, Config{MaxBulk: -1}); err == nil {
		t.Error("a limit below zero is taken")
	}
}
