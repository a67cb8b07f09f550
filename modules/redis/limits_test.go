package redis

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestMemory(t *testing.T) {
	s := open(t, Config{MaxMemory: 10_000})
	p := s.connect()
	value := strings.Repeat("x", 1000)
	for i := 0; s.server.used <= 10_000; i++ {
		p.expect(fmt.Sprintf("SET k%d %s", i, value), "+OK")
	}
	for _, line := range []string{"SET new 1", "LPUSH l 1", "APPEND k1 x", "SADD s 1", "HSET h a 1", "ZADD z 1 a", "SUBSCRIBE c"} {
		p.expect(line, "-OOM command not allowed when used memory > 'maxmemory'.")
	}
	p.expect("GET k1", "$1000 "+value)
	p.expect("DEL k1 k2", ":2")
	p.expect("SET new 1", "+OK")
}

// What is counted is given back, whatever was done.
func TestMemoryIsCountedExactly(t *testing.T) {
	s := open(t, Config{})
	p := s.connect()
	p.send("SET a 1", "APPEND a 23456", "SETRANGE a 100 x", "SET a 2", "INCR a", "RPUSH l a bb ccc dddd", "LREM l 1 bb", "LSET l 0 longer",
		"LINSERT l BEFORE ccc x", "LTRIM l 0 1", "LMOVE l m LEFT RIGHT", "RENAME m n", "HSET h a 1 b 2", "HSET h a 333", "HDEL h b",
		"HINCRBY h n 5", "SADD s a b c", "SADD t b", "SMOVE s t a", "SPOP s", "SUNIONSTORE u s t", "ZADD z 1 a 2 b", "ZADD z 3 a",
		"ZREM z b", "SET l string", "GETSET a x", "RENAME h a", "EXPIRE a 100", "COPY a b", "SUBSCRIBE c d", "UNSUBSCRIBE c", "UNSUBSCRIBE")
	total := 0
	for _, e := range s.server.dbs[0].keys.all() {
		total += e.size
	}
	if s.server.used != total {
		t.Errorf("%d bytes are counted, %d for the keys", s.server.used, total)
	}
	keys := s.connect()
	for _, key := range []string{"n", "a", "s", "t", "u", "z", "l"} {
		var member string
		switch got := keys.send("TYPE " + key); got {
		case "+list":
			member = "LTRIM " + key + " 1 0"
		case "+set":
			member = "SPOP " + key + " 100"
		case "+zset":
			member = "ZREMRANGEBYRANK " + key + " 0 -1"
		case "+hash":
			member = "HDEL " + key + " a n"
		default:
			member = "DEL " + key
		}
		keys.send(member)
	}
	if s.server.used != 0 || s.server.dbs[0].keys.len() != 0 || len(s.server.expiry) != 0 {
		t.Errorf("%d bytes are left, %d keys", s.server.used, s.server.dbs[0].keys.len())
	}
}

// A subscriber who does not read is dropped; the others hear everything.
func TestSubscriberWhoDoesNotRead(t *testing.T) {
	s := open(t, Config{MaxOutput: 300_000})
	slow, quick, teller := s.connect(), s.connect(), s.connect()
	slow.send("SUBSCRIBE c")
	quick.send("SUBSCRIBE c")
	slow.Transport.PauseReading()
	message := strings.Repeat("x", 10_000)
	told := 0
	for ; slow.pair.Server.Lost() == nil; told++ {
		if told > 1000 {
			t.Fatal("everything is kept for a subscriber who does not read")
		}
		teller.send("PUBLISH c " + message)
	}
	if told < 30 {
		t.Errorf("dropped after %d messages", told)
	}
	if got := strings.Count(quick.Take(), message); got != told {
		t.Errorf("the other has heard %d of %d messages", got, told)
	}
	teller.expect("PUBLISH c x", ":1")
}

// A client who does not read its replies is not served meanwhile, and then gets them all.
func TestClientWhoDoesNotRead(t *testing.T) {
	s := open(t, Config{})
	p := s.connect()
	value := strings.Repeat("x", 50_000)
	p.send("SET k " + value)
	p.Transport.PauseReading()
	const requests = 200
	for range requests {
		p.send("GET k")
	}
	c := p.pair.Server.Protocol().(*client)
	if n := p.pair.Server.Buffered() + len(c.out); n > 4*piece {
		t.Errorf("%d bytes wait", n)
	}
	p.Transport.ResumeReading()
	s.reactor.Settle()
	if got := strings.Count(p.Take(), value); got != requests {
		t.Errorf("%d replies, want %d", got, requests)
	}
	p.expect("QUIT", "+OK")
	if p.pair.Server.Lost() == nil {
		t.Error("the connection is open")
	}
}

// A reply that is larger than what a transport takes at once arrives whole.
func TestLargeReply(t *testing.T) {
	s := open(t, Config{MaxBulk: 8 << 20, MaxRequest: 9 << 20})
	p := s.connect()
	p.send("SETRANGE k 5000000 x")
	if got := p.send("GET k"); len(got) != len("$5000001 ")+5_000_001 {
		t.Errorf("%d bytes", len(got))
	}
	p.expect("PING", "+PONG")
}

// A client that waits is read ahead of only so far.
func TestRequestsOfAWaitingClient(t *testing.T) {
	s := open(t, Config{})
	p, other := s.connect(), s.connect()
	p.send("BLPOP l 0")
	filler := strings.Repeat("x", 30_000)
	for range 10 {
		p.send("ECHO " + filler)
	}
	c := p.pair.Server.Protocol().(*client)
	if n := len(c.parser.held); n > 2*backlog || !p.pair.Server.ReadingPaused() {
		t.Errorf("%d bytes are read ahead, reading paused %v", n, p.pair.Server.ReadingPaused())
	}
	other.send("LPUSH l 1")
	if got := strings.Count(p.Take(), filler); got != 10 || p.pair.Server.ReadingPaused() {
		t.Errorf("%d replies, reading paused %v", got, p.pair.Server.ReadingPaused())
	}
}

func TestTransactionTooLarge(t *testing.T) {
	s := open(t, Config{MaxRequest: 10_000})
	p := s.connect()
	p.expect("MULTI", "+OK")
	filler := strings.Repeat("x", 1000)
	for range 8 {
		p.expect("ECHO "+filler, "+QUEUED")
	}
	p.expect("ECHO "+filler, "-ERR the transaction is too large")
	p.expect("EXEC", "-EXECABORT Transaction discarded because of previous errors.")
	p.expect("PING", "+PONG")
}

func TestTooManyClients(t *testing.T) {
	s := open(t, Config{MaxClients: 1})
	p := s.connect()
	other := s.connect()
	if got := other.Take(); got != "-ERR max number of clients reached\r\n" || other.pair.Server.Lost() == nil {
		t.Errorf("told %q, lost %v", got, other.pair.Server.Lost())
	}
	p.expect("PING", "+PONG")
}

func TestEndlessLine(t *testing.T) {
	for first, want := range map[string]string{
		"x": "-ERR Protocol error: too big inline request", "*1": "-ERR Protocol error: too big mbulk count string",
		"*1\r\n$1": "-ERR Protocol error: too big bulk count string",
	} {
		s := open(t, Config{})
		p := s.connect()
		if got := p.send(first + strings.Repeat("1", maxLine)); got != want {
			t.Errorf("%q: %.100q", first, got)
		}
	}
}

// Requests of a frequent kind cost no memory that has to be collected.
func TestRequestsDoNotAllocate(t *testing.T) {
	s := open(t, Config{})
	transport := reactortest.NewStringTransport()
	c := s.server.BuildProtocol(transport.Peer()).(*client)
	c.ConnectionMade(transport)
	input := []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\nabc\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
	if n := testing.AllocsPerRun(1000, func() {
		c.parser.feed(input)
		for {
			args, err := c.parser.next(false)
			if err != nil {
				t.Fatal(err)
			}
			if args == nil {
				break
			}
			c.execute(args)
		}
		c.parser.keep()
		c.out = c.out[:0]
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRequests sends anything: the replies must not depend on the chunks, and what is counted as used must be right.
func FuzzRequests(f *testing.F) {
	f.Add([]byte("PING\r\n"))
	f.Add([]byte("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\n*2\r\n$4\r\nINCR\r\n$1\r\na\r\n"))
	f.Add([]byte("MULTI\r\nRPUSH l a b c\r\nLREM l 0 b\r\nEXEC\r\nLRANGE l 0 -1\r\n"))
	f.Add([]byte("ZADD z 1 a 2 b\r\nZRANGE z 0 -1 WITHSCORES\r\nHSET h a 1\r\nHSCAN h 0\r\nSADD s 1\r\nSPOP s\r\n"))
	f.Add([]byte("SUBSCRIBE a\r\nPSUBSCRIBE *\r\nUNSUBSCRIBE\r\nBLPOP l 1\r\nHELLO 3\r\nKEYS [a-\\]*\r\n"))
	f.Add([]byte("*2\r\n$4\r\nECHO\r\n$-1\r\n"))
	f.Fuzz(func(t *testing.T, input []byte) {
		lowered := strings.ToLower(string(input))
		if strings.Contains(lowered, "rand") || strings.Contains(lowered, "spop") { // these answer by chance
			return
		}
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			p := build(t)
			return p, func() string {
				used := 0
				s := p.(*client).server
				for _, d := range s.dbs {
					for _, e := range d.keys.all() {
						used += e.size
					}
				}
				if used != s.used {
					t.Errorf("%d bytes are counted, %d used", s.used, used)
				}
				return fmt.Sprint(used)
			}
		})
	})
}

// BenchmarkRequests measures what is done for a request besides reading and writing.
func BenchmarkRequests(b *testing.B) {
	for name, input := range map[string]string{
		"SET": "*3\r\n$3\r\nSET\r\n$16\r\nkey:__rand_int__\r\n$64\r\n" + strings.Repeat("x", 64) + "\r\n",
		"GET": "*2\r\n$3\r\nGET\r\n$16\r\nkey:__rand_int__\r\n",
	} {
		b.Run(name, func(b *testing.B) {
			f, err := New(reactortest.NewReactor(), Config{})
			if err != nil {
				b.Fatal(err)
			}
			transport := reactortest.NewStringTransport()
			c := f.BuildProtocol(transport.Peer())
			c.ConnectionMade(transport)
			chunk := []byte(strings.Repeat(input, 16))
			b.ReportAllocs()
			for range b.N / 16 {
				c.DataReceived(chunk)
				transport.Take()
			}
		})
	}
}
