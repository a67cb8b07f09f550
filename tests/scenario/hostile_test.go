package scenario

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
)

// patient is how long services of these tests let a peer be silent.
const patient = 3 * time.Second

// An attack is what a hostile peer does on a connection to a service. What the service makes of it is its own affair.
type attack struct {
	name  string
	times int
	do    func(c *net.TCPConn, request string)
	waits bool // for the service to end it
}

var attacks = []attack{
	{name: "random bytes", times: 1, do: func(c *net.TCPConn, _ string) {
		b := make([]byte, 64<<10)
		_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // never fails
		insist(c, b)
	}},
	{name: "a line without end", times: 1, do: func(c *net.TCPConn, _ string) {
		for n := 0; n < 64 && insist(c, []byte(strings.Repeat("A", 32<<10))); n++ {
		}
	}},
	{name: "a number without end", times: 1, do: func(c *net.TCPConn, _ string) {
		insist(c, []byte(strings.Repeat("9", 256<<10)))
	}},
	{name: "tiny writes", times: 1, do: func(c *net.TCPConn, _ string) {
		for n := 0; n < 2000 && insist(c, []byte{byte(n * 7)}); n++ {
		}
	}},
	{name: "half of a request", times: 1, do: func(c *net.TCPConn, request string) { insist(c, []byte(request[:len(request)/2])) }},
	{name: "requests upon requests, unread", times: 1, do: func(c *net.TCPConn, request string) {
		insist(c, []byte(strings.Repeat(request, 200)))
	}},
	{name: "a request backwards", times: 1, do: func(c *net.TCPConn, request string) {
		b := []byte(request)
		slices.Reverse(b)
		insist(c, b)
	}},
	{name: "half-close at once", times: 1, do: func(c *net.TCPConn, _ string) {
		_ = c.CloseWrite()
		_, _ = io.CopyN(io.Discard, c, 1<<20) // to the end, if there is one
	}},
	{name: "a byte, and silence", times: 1, waits: true, do: func(c *net.TCPConn, request string) {
		insist(c, []byte((request + "?")[:1]))
	}},
	{name: "reset in the middle of a request", times: 10, do: func(c *net.TCPConn, request string) {
		insist(c, []byte(request[:len(request)/2]))
		_ = c.SetLinger(0)
	}},
	// Connections that are reset leave no port behind that is occupied for a minute.
	{name: "a thousand connections, reset at once", times: 1000, do: func(c *net.TCPConn, _ string) { _ = c.SetLinger(0) }},
}

// insist writes for as long as the service reads, or for a moment: one that neither reads nor closes waits for its peer to
// read, which is what it should do. It reports whether all was written.
func insist(c *net.TCPConn, b []byte) bool {
	_ = c.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // fails only where Write does
	_, err := c.Write(b)
	return err == nil
}

// attacked runs all modules that serve on one loop, beside a neighbour that echoes.
type attacked struct {
	*operator
	table     map[string]subject
	services  map[string]*service
	neighbour *service
}

func newAttacked(t *testing.T) *attacked {
	t.Helper()
	o := newOperator(t, 1, slog.LevelWarn)
	a := &attacked{operator: o, services: map[string]*service{}}
	a.neighbour = o.builtin("echo", host.ServiceConfig{Name: "neighbour"}, localhost)
	upstream := o.builtin("web", host.ServiceConfig{Name: "upstream"}, localhost)
	a.table = subjects(a.neighbour.address, upstream.address)
	for name, sub := range a.table {
		endpoints := []string{localhost}
		if sub.datagrams {
			endpoints = append(endpoints, localhostUDP)
		}
		a.services[name] = o.builtin(name, host.ServiceConfig{
			Config: sub.config, Grants: granted(t, sub.grants...), Limits: host.Limits{Idle: patient},
		}, endpoints...)
	}
	return a
}

// each calls f for every module, all at once.
func (a *attacked) each(what string, f func(sub subject, s *service) error) {
	a.Helper()
	var group sync.WaitGroup
	for name, sub := range a.table {
		group.Go(func() {
			if err := f(sub, a.services[name]); err != nil {
				a.Errorf("%s: %s: %v", name, what, err)
			}
		})
	}
	group.Wait()
}

// meanwhile calls f, and makes round trips with the neighbour until it returns.
func (a *attacked) meanwhile(f func()) {
	a.Helper()
	c, err := dial("tcp", a.neighbour.address)
	if err != nil {
		a.Fatal(err)
	}
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		defer c.Close()
		for n := 0; ; n++ {
			if err := trip(c, fmt.Sprintf("are you there %d", n)); err != nil {
				failed <- err
				return
			}
			select {
			case <-stop:
				failed <- nil
				return
			default:
			}
		}
	}()
	f()
	close(stop)
	if err := <-failed; err != nil {
		a.Errorf("the neighbour: %v", err)
	}
}

// trip has an echo say text.
func trip(c net.Conn, text string) error {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, text); err != nil {
		return err
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != text {
		return fmt.Errorf("echoed %q, %w, want %q", got, err, text)
	}
	return nil
}

// quiet waits until a service has had so many more connections than before, and has none any longer.
func (a *attacked) quiet(s *service, before host.Stats, more int) error {
	return a.until(func() bool {
		st := s.Stats()
		return st.Open == 0 && st.Connections+st.Refused >= before.Connections+before.Refused+uint64(more)
	}, func() string { return fmt.Sprintf("%d connections stay", s.Stats().Open) })
}

// until waits for ok, which is asked after each turn of the loop.
func (a *attacked) until(ok func() bool, problem func() string) error {
	for over := time.Now().Add(patience); !ok(); {
		if time.Now().After(over) {
			return errors.New(problem())
		}
		turned := make(chan struct{})
		a.reactor.CallFromThread(func() { close(turned) })
		<-turned
	}
	return nil
}

// requests makes every module's request, in pieces of size bytes.
func (a *attacked) requests(what string, size int) {
	a.Helper()
	a.each(what, func(sub subject, s *service) error {
		before := s.Stats()
		if err := sub.ask(s.address, size); err != nil {
			return err
		}
		if err := a.quiet(s, before, 1); err != nil || !sub.datagrams {
			return err
		}
		return sub.askByDatagram(s.datagrams)
	})
}

// unharmed checks that services have ended nothing but silent peers, and hold no more than they need.
func (a *attacked) unharmed() {
	a.Helper()
	a.each("in the end", func(_ subject, s *service) error {
		var most int64 = 64 << 10 // of instances that are as good as new
		if s.Isolation() == host.PerService {
			most = 32 << 20 // of one that goes on
		}
		if err := a.until(func() bool { return s.Stats().Memory <= most }, func() string {
			return fmt.Sprintf("%d bytes are kept", s.Stats().Memory)
		}); err != nil {
			return err
		}
		st := s.Stats()
		delete(st.Breaches, "idle")
		if st.Traps != 0 || len(st.Breaches) != 0 || st.Circuit != "" {
			return fmt.Errorf("%d traps, breaches %v, %s", st.Traps, st.Breaches, st.Circuit)
		}
		return nil
	})
}

func TestHostilePeers(t *testing.T) {
	a := newAttacked(t)
	a.requests("a request", 1<<10)
	a.requests("a request byte by byte", 1)
	for _, attack := range attacks {
		a.meanwhile(func() { a.each(attack.name, func(sub subject, s *service) error { return attack.on(a, sub, s) }) })
		a.requests("a request after "+attack.name, 1<<10)
	}
	a.meanwhile(func() { a.each("datagrams", sendHostileDatagrams) })
	a.requests("a request after datagrams", 1<<10)
	a.unharmed()
	a.stop()
}

// on attacks a service, and waits until it has seen the end of it.
func (at attack) on(a *attacked, sub subject, s *service) error {
	before := s.Stats()
	for range at.times {
		c, err := dial("tcp", s.address)
		if err != nil {
			return err
		}
		defer c.Close()
		if at.do(c, sub.request); !at.waits {
			c.Close()
		}
	}
	return a.quiet(s, before, at.times)
}

// sendHostileDatagrams attacks a service that takes datagrams.
func sendHostileDatagrams(sub subject, s *service) error {
	if !sub.datagrams {
		return nil
	}
	c, err := net.Dial("udp", s.datagrams)
	if err != nil {
		return err
	}
	defer c.Close()
	for _, b := range hostileDatagrams(sub.datagram) {
		if _, err := c.Write(b); err != nil {
			return err
		}
	}
	return sub.askByDatagram(s.datagrams)
}

// hostileDatagrams are of every size, without and with a sense, and the request cut off at each byte.
func hostileDatagrams(request string) (list [][]byte) {
	source := rand.NewChaCha8([32]byte{2})
	for _, size := range []int{0, 1, 2, 11, 12, 13, 511, 512, 513, 1400, 9000, 65507} {
		for range 10 {
			b := make([]byte, size)
			_, _ = source.Read(b) // never fails
			list = append(list, b)
		}
	}
	for n := range len(request) {
		list = append(list, []byte(request[:n]))
	}
	return append(list, []byte(strings.Repeat(request, 1+1000/(1+len(request)))))
}
