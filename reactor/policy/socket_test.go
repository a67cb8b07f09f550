package policy_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// patience is how long a test waits for what must happen before it fails.
const patience = 20 * time.Second

// run runs a reactor of two loops until the test ends.
func run(t *testing.T) *reactor.Reactor {
	t.Helper()
	r, err := reactor.New(reactor.Config{Loops: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- r.Run() }()
	started := make(chan struct{})
	r.CallWhenRunning(func() { close(started) })
	<-started
	t.Cleanup(func() {
		if err := r.Drain(0); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return r
}

// listen serves f on an endpoint of loopback, and returns the address.
func listen(t *testing.T, r *reactor.Reactor, text string, f protocol.Factory) string {
	t.Helper()
	port, err := r.Listen(text, f)
	if err != nil {
		t.Fatal(err)
	}
	return port.Host().String()
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

// exchange sends s and expects it back.
func exchange(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(s))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != s {
		t.Fatalf("sent %q, received %q, %v", s, got, err)
	}
}

// expectEnd expects that the server closes without another byte.
func expectEnd(t *testing.T, c net.Conn) {
	t.Helper()
	n, err := c.Read(make([]byte, 1))
	var timeout net.Error
	if n > 0 || err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// echo sends back what it receives, after a line with the peer's address if it is to greet.
type echo struct {
	protocol.Base
	greet bool
	lost  chan error
}

func (e *echo) ConnectionMade(t protocol.Transport) {
	e.Base.ConnectionMade(t)
	if e.greet {
		fmt.Fprintf(t, "%v %v\n", t.Peer(), t.Host())
	}
}
func (e *echo) DataReceived(data []byte)    { e.Transport.Write(data) }
func (e *echo) ReadConnectionLost()         { e.Transport.LoseConnection() }
func (e *echo) WriteConnectionLost()        {}
func (e *echo) ConnectionLost(reason error) { e.lost <- reason }

// echoes builds echoes that report their end to one channel.
func echoes(greet bool) (protocol.Factory, chan error) {
	lost := make(chan error, 100)
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{greet: greet, lost: lost} }), lost
}

func TestSocketProxy(t *testing.T) {
	f, lost := echoes(true)
	addr := listen(t, run(t), "tcp:0:interface=127.0.0.1", policy.NewProxyFactory(f, 0))
	c := dial(t, addr)
	want := "1.2.3.4:5 6.7.8.9:10\n"
	for _, part := range []string{"PROXY TCP4 1.2.3.4 ", "6.7.8.9 5 10\r", "\nhello"} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	got := make([]byte, len(want)+len("hello"))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want+"hello" {
		t.Fatalf("received %q, %v", got, err)
	}
	exchange(t, c, strings.Repeat("0123456789", 10000))
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, c)
	if reason := <-lost; protocol.ReasonOf(reason) != protocol.ErrConnectionDone {
		t.Errorf("lost by %v", reason)
	}
	wrong := dial(t, addr)
	if _, err := io.WriteString(wrong, "GET / HTTP/1.1\r\n"); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, wrong)
}

// Our sending side and our receiving side understand each other.
func TestSocketProxyClient(t *testing.T) {
	r := run(t)
	f, _ := echoes(true)
	addr := listen(t, r, "tcp:0:interface=127.0.0.1", policy.NewProxyFactory(f, 0))
	for _, version := range []int{1, 2} {
		h := policy.ProxyHeader{Version: version, Source: address("[2001:db8::1]:5"), Destination: address("[2001:db8::2]:6")}
		received := make(chan string, 1)
		client := policy.NewProxyClientFactory(protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			return &firstLine{line: received}
		}), h)
		host, port, _ := net.SplitHostPort(addr)
		r.CallWhenRunning(func() {
			if _, err := r.Loops()[0].Connect("tcp:"+host+":"+port, client); err != nil {
				t.Error(err)
			}
		})
		select {
		case got := <-received:
			if got != "[2001:db8::1]:5 [2001:db8::2]:6\n" {
				t.Errorf("version %d: %q", version, got)
			}
		case <-time.After(patience):
			t.Fatalf("version %d: no answer", version)
		}
	}
}

func address(s string) protocol.Address {
	c := protocol.TCPAddress{}
	if err := c.UnmarshalText([]byte(s)); err != nil {
		panic(err)
	}
	return c
}

// firstLine reports the first line and closes.
type firstLine struct {
	protocol.Base
	got  []byte
	line chan string
}

func (p *firstLine) DataReceived(data []byte) {
	p.got = append(p.got, data...)
	if line, _, ok := bytes.Cut(p.got, []byte("\n")); ok {
		p.line <- string(line) + "\n"
		p.Transport.LoseConnection()
	}
}

// Peers are told apart by their addresses, and refused ones get no byte.
func TestSocketLimits(t *testing.T) {
	f, lost := echoes(true)
	total := policy.NewLimitTotalConnectionsFactory(policy.NewLimitConnectionsByPeer(f, 2, 0), 3, nil)
	addr := listen(t, run(t), "tcp:0:interface=127.0.0.1", total)
	for range 3 {
		a, b := dial(t, addr), dial(t, addr)
		for _, c := range []net.Conn{a, b} {
			if got := readLine(t, c); got != c.LocalAddr().String()+" "+addr {
				t.Errorf("greeted by %q", got)
			}
		}
		expectEnd(t, dial(t, addr))
		a.Close()
		b.Close()
		<-lost
		<-lost
	}
	if n := total.Connections(); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}

func readLine(t *testing.T, c net.Conn) string {
	t.Helper()
	var line []byte
	for b := make([]byte, 1); b[0] != '\n'; {
		if _, err := c.Read(b); err != nil {
			t.Fatal(err)
		}
		line = append(line, b[0])
	}
	return strings.TrimSuffix(string(line), "\n")
}

func TestSocketTimeout(t *testing.T) {
	f, lost := echoes(false)
	times := policy.Timeouts{Idle: 50 * time.Millisecond}
	addr := listen(t, run(t), "tcp:0:interface=127.0.0.1", policy.NewTimeoutFactory(f, times))
	c := dial(t, addr)
	exchange(t, c, "hello")
	expectEnd(t, c)
	if reason := <-lost; protocol.ReasonOf(reason) != protocol.ErrIdle {
		t.Errorf("lost by %v", reason)
	}
}

// Everything at once, over TLS: what is sent comes back, in order and whole, and the close is clean.
func TestSocketEverything(t *testing.T) {
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"127.0.0.1"}})
	pem := testcert.WriteFile(t, t.TempDir(), "server.pem", leaf.CertPEM, leaf.KeyPEM)
	shared := policy.NewBucket(8<<20, 32<<10, nil)
	for _, text := range []string{"tcp:0:interface=127.0.0.1", "ssl:0:interface=127.0.0.1:privateKey=" + endpoint.Quote(pem)} {
		f, lost := echoes(false)
		f = policy.NewTrafficLoggingFactory(f, policy.TrafficLog{Logger: slog.New(slog.DiscardHandler)})
		f = policy.NewThrottlingFactory(f, policy.Throttle{
			Read: policy.PerConnection(4<<20, 16<<10, shared), Write: policy.PerHost(4<<20, 16<<10, shared),
		})
		f = policy.NewTimeoutFactory(f, policy.Timeouts{Idle: patience, FirstByte: patience, Total: patience})
		f = policy.NewLimitConnectionsByPeer(f, 0, 0)
		addr := listen(t, run(t), text, f)
		c := dial(t, addr)
		if strings.HasPrefix(text, "ssl") {
			c = tls.Client(c, &tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"})
		}
		sent := bytes.Repeat([]byte("0123456789abcdef"), 20000)
		sending := make(chan error, 1)
		go func() {
			_, err := c.Write(sent)
			if err == nil {
				err = c.(interface{ CloseWrite() error }).CloseWrite()
			}
			sending <- err
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%s: %d bytes came back of %d, %v", text, len(got), len(sent), err)
		}
		if err := <-sending; err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if reason := <-lost; protocol.ReasonOf(reason) != protocol.ErrConnectionDone {
			t.Errorf("%s: lost by %v", text, reason)
		}
	}
}
