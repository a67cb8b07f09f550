package dns

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/dns/message"
)

const (
	host    = "host.test. 60 A 192.0.2.1"
	hostIs  = "NOERROR ra; answer: host.test. %d A 192.0.2.1"
	testSOA = "test. 100 SOA ns.test. root.test. 1 2 3 4 30"
)

func TestForwardingKeepsAnswers(t *testing.T) {
	r, c, ups := forwarding(t, 1, Config{})
	u := ups[0]
	u.answer = responding(t, message.NoError, host)
	if got := c.ask("host.test. A"); got != fmt.Sprintf(hostIs, 60) {
		t.Fatal(got)
	}
	if q := u.asked[0]; q.Questions[0] != (message.Question{Name: wire(t, "host.test."), Type: message.TypeA, Class: message.ClassIN}) ||
		!q.RecursionDesired || len(q.Additional) != 1 || q.Additional[0].Class != defaultUDPSize {
		t.Errorf("asked %+v", q.Message)
	}
	r.Advance(59 * time.Second)
	if got := c.ask("HOST.Test. A edns"); got != "NOERROR ra; answer: HOST.Test. 1 A 192.0.2.1; additional: OPT 1232" || len(u.asked) != 1 {
		t.Errorf("after 59 s %s, asked %d times", got, len(u.asked))
	}
	r.Advance(time.Second)
	if got := c.ask("host.test. A norec"); got != "REFUSED ra" {
		t.Errorf("after 60 s without recursion %s", got)
	}
	if got := c.ask("host.test. A"); got != fmt.Sprintf(hostIs, 60) || len(u.asked) != 2 {
		t.Errorf("after 60 s %s, asked %d times", got, len(u.asked))
	}
	// Another type, and flags that change the answer, are other questions.
	u.answer = responding(t, message.NoError, testSOA)
	for _, other := range []string{"host.test. MX", "host.test. A do", "host.test. A cd"} {
		before := len(u.asked)
		c.ask(other)
		if c.ask(other); len(u.asked) != before+1 {
			t.Errorf("%s: asked %d times", other, len(u.asked)-before)
		}
	}
	if last := u.asked[len(u.asked)-2]; last.Additional[0].TTL != 1<<15 {
		t.Errorf("DO is not handed on: %+v", last.Message)
	}
	if r.Pending() != 0 {
		t.Errorf("%d timers are left", r.Pending())
	}
}

// How long what is kept, by what it is: RFC 2308.
func TestForwardingLifetimes(t *testing.T) {
	for what, c := range map[string]struct {
		answer  func(*message.Message) *message.Message
		want    string
		seconds int
	}{
		"the smallest TTL": {responding(t, message.NoError, "host.test. 60 CNAME x.test.", "x.test. 20 A 192.0.2.1"),
			"NOERROR ra; answer: host.test. 60 CNAME x.test., x.test. 20 A 192.0.2.1", 20},
		"at most max-ttl":        {responding(t, message.NoError, "host.test. 1w A 192.0.2.1"), "NOERROR ra; answer: host.test. 604800 A 192.0.2.1", 1000},
		"no such name":           {responding(t, message.NameError, testSOA), "NXDOMAIN ra; authority: test. 30 SOA ns.test. root.test. 1 2 3 4 30", 30},
		"no such data":           {responding(t, message.NoError, testSOA), "NOERROR ra; authority: test. 30 SOA ns.test. root.test. 1 2 3 4 30", 30},
		"an alias of nothing":    {responding(t, message.NameError, "host.test. 10 CNAME x.test.", testSOA), "NXDOMAIN ra; answer: host.test. 10 CNAME x.test.; authority: test. 30 SOA ns.test. root.test. 1 2 3 4 30", 10},
		"max-negative-ttl":       {responding(t, message.NameError, "test. 9000 SOA ns.test. root.test. 1 2 3 4 9000"), "NXDOMAIN ra; authority: test. 100 SOA ns.test. root.test. 1 2 3 4 9000", 100},
		"nothing without an SOA": {responding(t, message.NameError), "NXDOMAIN ra", 0},
		"a TTL of 0":             {responding(t, message.NoError, "host.test. 0 A 192.0.2.1"), "NOERROR ra; answer: host.test. 0 A 192.0.2.1", 0},
		"a failure":              {responding(t, message.ServerFailure), "SERVFAIL ra", 5},
	} {
		r, client, ups := forwarding(t, 1, Config{MaxTTL: 1000 * time.Second, MaxNegativeTTL: 100 * time.Second, Timeouts: []time.Duration{time.Second}})
		u := ups[0]
		u.answer = c.answer
		if got := client.ask("host.test. A"); got != c.want {
			t.Errorf("%s: %s, want %s", what, got, c.want)
		}
		if c.seconds > 0 {
			r.Advance(time.Duration(c.seconds)*time.Second - 1)
			if client.ask("host.test. A"); len(u.asked) != 1 {
				t.Errorf("%s: not kept for %d s", what, c.seconds)
			}
			r.Advance(1)
		}
		if client.ask("host.test. A"); len(u.asked) != 2 {
			t.Errorf("%s: kept for more than %d s", what, c.seconds)
		}
	}
}

// Who asks the same while the answer is under way gets the same answer.
func TestForwardingAsksOnce(t *testing.T) {
	_, c, ups := forwarding(t, 1, Config{})
	for range 10 {
		c.send("host.test. A")
	}
	c.send("HOST.test. A edns")
	u := ups[0]
	if len(u.asked) != 1 {
		t.Fatalf("asked %d times", len(u.asked))
	}
	u.send(responding(t, message.NoError, host)(u.asked[0].Message), u.asked[0].from)
	c.reactor.Settle()
	for range 10 {
		if got := c.take(); got != fmt.Sprintf(hostIs, 60) {
			t.Error(got)
		}
	}
	if got := c.take(); got != "NOERROR ra; answer: HOST.test. 60 A 192.0.2.1; additional: OPT 1232" {
		t.Error(got)
	}
}

// Each upstream in turn with the first timeout, then each with the second, and so on.
func TestForwardingTimeouts(t *testing.T) {
	r, c, ups := forwarding(t, 2, Config{})
	begin := r.Now()
	c.send("host.test. A")
	var seen []string
	for range 8 {
		next, ok := r.Next()
		if !ok {
			t.Fatal("no timer is under way")
		}
		seen = append(seen, fmt.Sprintf("%v %d/%d", r.Now().Sub(begin), len(ups[0].asked), len(ups[1].asked)))
		if len(c.received) > 0 {
			t.Fatalf("answered %s at %v", c.take(), r.Now().Sub(begin))
		}
		r.Advance(next)
	}
	want := "[0s 1/0 1s 1/1 2s 2/1 5s 2/2 8s 3/2 19s 3/3 30s 4/3 1m15s 4/4]"
	if fmt.Sprint(seen) != want {
		t.Errorf("%v, want %s", seen, want)
	}
	if got := c.take(); got != "SERVFAIL ra" || r.Now().Sub(begin) != 2*time.Minute {
		t.Errorf("%s after %v", got, r.Now().Sub(begin))
	}
	ids, ports := map[uint16]bool{}, map[netip.AddrPort]bool{}
	for _, q := range append(ups[0].asked, ups[1].asked...) {
		ids[q.ID], ports[q.from] = true, true
	}
	if len(ids) < 6 || len(ports) < 6 {
		t.Errorf("8 attempts had %d ids and %d ports", len(ids), len(ports))
	}
	if r.Pending() != 0 {
		t.Errorf("%d timers are left", r.Pending())
	}
}

// A server that is gone, or does not know, is passed over at once.
func TestForwardingToTheNextUpstream(t *testing.T) {
	for what, answer := range map[string]func(*message.Message) *message.Message{
		"fails":    responding(t, message.ServerFailure),
		"refuses":  responding(t, message.Refused),
		"says odd": responding(t, 9),
	} {
		_, c, ups := forwarding(t, 2, Config{})
		ups[0].answer, ups[1].answer = answer, responding(t, message.NoError, host)
		if got := c.ask("host.test. A"); got != fmt.Sprintf(hostIs, 60) {
			t.Errorf("the first %s: %s", what, got)
		}
	}
	r, c, ups := forwarding(t, 2, Config{})
	ups[0].transport.StopListening()
	r.Settle()
	ups[1].answer = responding(t, message.NoError, host)
	c.send("host.test. A")
	r.Advance(time.Second) // at most: the network may tell that nobody is there
	if got := c.take(); got != fmt.Sprintf(hostIs, 60) {
		t.Errorf("the first is gone: %s", got)
	}
}

// A server that knows no EDNS is asked without.
func TestForwardingWithoutEDNS(t *testing.T) {
	for _, rcode := range []message.RCode{message.FormatError, message.NotImplemented} {
		_, c, ups := forwarding(t, 1, Config{})
		ups[0].answer = func(m *message.Message) *message.Message {
			if len(m.Additional) == 0 {
				return responding(t, message.NoError, host)(m)
			}
			response := responding(t, rcode)(m)
			response.Questions = nil // some send the header only
			return response
		}
		if got := c.ask("host.test. A"); got != fmt.Sprintf(hostIs, 60) || len(ups[0].asked) != 2 {
			t.Errorf("%v: %s, asked %d times", rcode, got, len(ups[0].asked))
		}
	}
}

func TestForwardingIsForNeighboursOnly(t *testing.T) {
	_, c, ups := forwarding(t, 1, Config{ForwardFor: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, Zones: zones(t, example)})
	if got := c.ask("host.test. A"); got != "REFUSED" || len(ups[0].asked) > 0 {
		t.Error(got)
	}
	if got := c.ask("web.example. A"); got != "NOERROR aa; answer: web.example. 3600 A 192.0.2.3" {
		t.Error(got)
	}
}

// An answer that is too long for who asks is truncated, each time it is asked for.
func TestForwardingTruncates(t *testing.T) {
	_, c, ups := forwarding(t, 1, Config{})
	var lines []string
	for i := range 50 {
		lines = append(lines, fmt.Sprintf("host.test. 60 A 192.0.2.%d", i))
	}
	ups[0].answer = responding(t, message.NoError, lines...)
	for range 2 {
		if got := c.ask("host.test. A"); got != "NOERROR tc ra" {
			t.Error(got)
		}
	}
	if got := c.ask("host.test. A edns"); strings.Count(got, "192.0.2.") != 50 || len(ups[0].asked) != 1 {
		t.Errorf("%s, asked %d times", got, len(ups[0].asked))
	}
}
