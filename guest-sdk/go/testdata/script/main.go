// Command script is the guest that the tests of package wasmnet drive: what a connection receives is a command, what
// comes of it is logged. Configuration "case" chooses variants of the start.
package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/guest-sdk/go/guestlog"
	"github.com/wasmnet/wasmnet/guest-sdk/go/restored"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func main() {}

var timesRestored int

func init() {
	protocol.HandleTask("upper", func(input []byte) ([]byte, error) {
		return []byte(strings.ToUpper(string(input))), nil
	})
	protocol.HandleTask("allocs", func([]byte) ([]byte, error) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return nil, fmt.Errorf("%d", m.Mallocs)
	})
	protocol.HandleTask("fail", func([]byte) ([]byte, error) { return nil, errors.New("no luck") })
	restored.On(func() { timesRestored++ })
	wasmnet.Run(start)
	wasmnet.Main(func(r protocol.Reactor, c wasmnet.Config) {
		say("running %v", c.Get("case"))
		run(nil, r, c.Get("command"))
	})
}

func start(r protocol.Reactor, c wasmnet.Config) (protocol.Factory, error) {
	switch c.Get("case") {
	case "refuse":
		return nil, errors.New("the moon is wrong")
	case "nothing":
		return nil, nil
	case "panic":
		panic("at start")
	case "timer":
		r.CallLater(0, func() {})
	case "dial":
		_, err := r.Connect("tcp:127.0.0.1:1", &factory{})
		return nil, err
	case "half":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &half{} }), nil
	case "deny":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return nil }), nil
	case "gather":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &gatherer{} }), nil
	case "echo":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echo{} }), nil
	}
	return &factory{name: "root"}, nil
}

func say(format string, args ...any) { wasmnet.Log(1, fmt.Sprintf(format, args...)) }

// factory follows everything a factory can.
type factory struct {
	name   string
	again  int  // attempts to make after a failure
	refuse bool // build no protocol
}

func (f *factory) StartFactory() error {
	say("%s started", f.name)
	return nil
}

func (f *factory) StopFactory() { say("%s stopped", f.name) }

func (f *factory) BuildProtocol(a protocol.Address) protocol.Protocol {
	say("%s builds for %s %s", f.name, a.Network(), a)
	if f.refuse {
		return nil
	}
	return &script{name: f.name}
}

func (f *factory) StartedConnecting(c protocol.Connector) {
	connector = c
	say("%s connecting to %T %s", f.name, c.Destination(), c.Destination())
}

func (f *factory) ClientConnectionFailed(c protocol.Connector, reason error) {
	say("%s failed: %v", f.name, reason)
	if f.again > 0 {
		f.again--
		c.Connect()
	}
}

func (f *factory) ClientConnectionLost(_ protocol.Connector, reason error) {
	say("%s lost: %v", f.name, reason)
}

type echo struct{ protocol.Base }

func (e *echo) DataReceived(data []byte) { e.Transport.Write(data) }

// gatherer is a script that does not ask for its transport's handle.
type gatherer struct{ script }

func (g *gatherer) ConnectionMade(t protocol.Transport) { g.Base.ConnectionMade(t) }

type half struct{ script }

func (h *half) ReadConnectionLost()  { say("read lost") }
func (h *half) WriteConnectionLost() { say("write lost") }

type script struct {
	protocol.Base
	name string
}

func (s *script) ConnectionMade(t protocol.Transport) {
	s.Base.ConnectionMade(t)
	say("made %d, restored %d", wasmnet.Handle(t), timesRestored)
}

func (s *script) HandshakeCompleted() { say("handshake completed") }

func (s *script) ConnectionLost(reason error) {
	_, err := s.Transport.Write([]byte("late"))
	say("lost: %v, reason %d, write: %v", reason, int32(protocol.ReasonOf(reason)), err)
}

func (s *script) DataReceived(data []byte) {
	for command := range strings.SplitSeq(string(data), ";") {
		run(s.Transport, wasmnet.Reactor(), command)
	}
}

// producer says what it is asked.
type producer struct{ t protocol.Transport }

func (p producer) PauseProducing()  { say("producer paused") }
func (p producer) ResumeProducing() { say("producer resumed") }
func (p producer) StopProducing()   { say("producer stopped") }

type udp struct{ t protocol.DatagramTransport }

func (u *udp) StartProtocol(t protocol.DatagramTransport) {
	u.t = t
	peer, ok := t.Peer()
	say("udp started %s, peer %s %v", t.Host(), peer, ok)
}

func (u *udp) DatagramReceived(data []byte, from netip.AddrPort) {
	say("udp %q from %s, answer: %v", data, from, u.t.WriteTo(data, from))
}

func (u *udp) StopProtocol(reason error) { say("udp stopped: %v", reason) }

var (
	timer     protocol.DelayedCall
	request   protocol.Request
	connector protocol.Connector
	port      protocol.Port
	first     protocol.Transport
	feed      = make(chan string)
)

func must[T any](v T, err error) T {
	if err != nil {
		say("error: %v", err)
	}
	return v
}

func run(t protocol.Transport, r protocol.Reactor, command string) {
	word, rest, _ := strings.Cut(command, " ")
	number, _ := strconv.Atoi(rest)
	switch word {
	case "":
	case "write":
		n, err := t.Write([]byte(rest))
		say("wrote %d, %v", n, err)
	case "transport":
		runTransport(t, rest)
	case "first":
		first = t
	case "tofirst":
		n, err := first.Write([]byte(rest))
		say("wrote %d, %v", n, err)
	case "splice":
		say("splice: %v", first.(protocol.Splicer).Splice(t))
	case "push", "pull":
		say("register: %v", t.RegisterProducer(producer{t}, word == "push"))
	case "later":
		name := rest
		timer = r.CallLater(time.Duration(len(timers))*time.Millisecond, func() { say("timer %s", name) })
		timers = append(timers, timer)
	case "soon":
		r.CallLater(0, func() {
			say("soon")
			r.CallLater(0, func() { say("sooner or later") })
		})
	case "timer":
		runTimer(rest)
	case "connect":
		connector, _ = r.Connect(rest, &factory{name: "client"})
	case "retry":
		must(r.Connect(rest, &factory{name: "client", again: 1}))
	case "dialrefused":
		must(r.Connect(rest, &factory{name: "client", refuse: true}))
	case "dial":
		must(r.Connect(rest, &factory{name: "client"}))
	case "stopconnecting":
		connector.StopConnecting()
	case "disconnect":
		connector.Disconnect()
	case "listen":
		if port = must(r.Listen(rest, &factory{name: "server"})); port != nil {
			say("listening on %s", port.Host())
		}
	case "listenudp":
		port = must(r.ListenUDP(rest, &udp{}))
	case "connectudp":
		port = must(r.ConnectUDP(rest, &udp{}))
	case "stoplistening":
		port.StopListening()
	case "resolve":
		request = r.Resolve(rest, func(addresses []string, err error) {
			say("resolved %q, %v, dns %v", addresses, err, errors.Is(err, protocol.ErrDNSLookup))
		})
	case "task":
		name, input, _ := strings.Cut(rest, " ")
		request = r.DeferToThread(name, []byte(input), func(result []byte, err error) { say("task: %q, %v", result, err) })
	case "cancel":
		request.Cancel()
	case "stop":
		say("stop: %v", r.Stop(number))
	case "metric":
		say("metric: %v", wasmnet.Counter(rest, 2))
	case "slog":
		log := slog.New(guestlog.NewHandler(slog.LevelInfo)).With("conn", 1)
		log.Debug("not wanted")
		log.WithGroup("request").Warn("two words", "size", number, "level", "high")
	case "config":
		value, ok := wasmnet.Config{}.Lookup(rest)
		say("config %d bytes, %v", len(value), ok)
	default:
		runGo(r, word, rest)
	}
}

var timers []protocol.DelayedCall

func runTransport(t protocol.Transport, command string) {
	switch command {
	case "lose":
		t.LoseConnection()
		say("disconnecting %v", t.Disconnecting())
	case "abort":
		t.AbortConnection()
	case "losewrite":
		t.LoseWriteConnection()
	case "pause":
		t.PauseReading()
	case "resume":
		t.ResumeReading()
	case "unregister":
		t.UnregisterProducer()
	case "buffered":
		say("buffered %d", t.Buffered())
	case "addresses":
		say("peer %T %s, host %T %s", t.Peer(), t.Peer(), t.Host(), t.Host())
	case "options":
		t.SetNoDelay(false)
		t.SetKeepAlive(true)
	case "starttls":
		say("start TLS: %v", t.StartTLS(protocol.TLSOptions{ServerName: "example.com", ALPN: []string{"a", "b"}}))
	case "starttls server":
		say("start TLS: %v", t.StartTLS(protocol.TLSOptions{Server: true, Identity: "second"}))
	case "starttls wrong":
		say("start TLS: %v", t.StartTLS(protocol.TLSOptions{ALPN: []string{"a\nrole=server"}}))
	case "credentials":
		who, err := t.(protocol.CredentialedTransport).PeerCredentials()
		say("credentials %v, %v", who, err)
	case "tls":
		info, ok := t.TLS()
		say("tls %+v %v", info, ok)
	}
}

func runTimer(command string) {
	switch command {
	case "cancel":
		say("cancel: %v, active %v", timer.Cancel(), timer.Active())
	case "reset":
		say("reset: %v", timer.Reset(time.Hour))
	case "delay":
		before := timer.Time()
		say("delay: %v by %v", timer.Delay(time.Minute), timer.Time().Sub(before))
	}
}

// runGo has the commands about the Go runtime.
func runGo(r protocol.Reactor, word, rest string) {
	switch word {
	case "post":
		r.CallFromThread(func() {
			say("posted")
			r.CallFromThread(func() { say("posted again") })
		})
		say("after posting")
	case "repost":
		left := 1000
		var again func()
		again = func() {
			if left--; left > 0 {
				r.CallFromThread(again)
			} else {
				say("posted 1000 times")
			}
		}
		r.CallFromThread(again)
	case "go":
		// Many goroutines, each woken by the one before; the last one posts.
		next := make(chan int)
		head := next
		for range 200 {
			from, to := next, make(chan int)
			go func() { to <- 1 + <-from }()
			next = to
		}
		go func() {
			n := <-next
			r.CallFromThread(func() { say("%d goroutines later", n) })
		}()
		go func() { head <- 0 }()
	case "park":
		go func() {
			s := <-feed
			r.CallFromThread(func() { say("posted: fed %s", s) })
		}()
		go func() {
			for s := range feed {
				say("goroutine got %s", s)
			}
		}()
	case "feed":
		feed <- rest
	case "doze":
		d, err := time.ParseDuration(rest)
		go func() {
			time.Sleep(d)
			say("dozed %s, %v", d, err)
		}()
	case "panic":
		panic(errors.New(rest))
	case "index":
		var none []int
		say("%d", none[len(rest)])
	case "deferred":
		d := deferred.New[int](r)
		d.Errback(errors.New("nobody wants me"))
	default:
		say("unknown command %q", word)
	}
}
