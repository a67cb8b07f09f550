package puppet

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wasmnet/wasmnet/reactor/client"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		panic(err) // in a script
	}
	return d
}

// The commands on timers, which have labels and are due with the event "timer LABEL", and on what is made of
// timers.
func init() {
	maps.Copy(commands, map[string]command{
		"later": func(s *Stage, p *Puppet, a []string) error {
			if s.timers == nil {
				s.timers = map[string]protocol.DelayedCall{}
			}
			s.timers[a[0]] = s.Reactor.CallLater(duration(a[1]), func() { s.happened("timer", a[0], p) })
			return nil
		},
		"cancel": func(s *Stage, _ *Puppet, a []string) error { return s.timers[a[0]].Cancel() },
		"reset":  func(s *Stage, _ *Puppet, a []string) error { return s.timers[a[0]].Reset(duration(a[1])) },
		"delay":  func(s *Stage, _ *Puppet, a []string) error { return s.timers[a[0]].Delay(duration(a[1])) },
		"active": func(s *Stage, _ *Puppet, a []string) error {
			s.Tell("active " + strconv.FormatBool(s.timers[a[0]].Active()))
			return nil
		},
		"loop": func(s *Stage, p *Puppet, a []string) error { // so many times
			n := 0
			var l *deferred.LoopingCall
			l = deferred.NewLoopingCall(s.Reactor, func() error {
				if n++; n == number(a[0]) {
					l.Stop()
				}
				s.Tell("tick " + strconv.Itoa(n))
				return nil
			})
			l.Start(duration(a[1]), true).Handle(func(_ *deferred.LoopingCall, err error) { s.happened("looped", name(err), p) })
			return nil
		},
		"gather": func(s *Stage, p *Puppet, a []string) error { // the second of three fails
			fail := func() (int, error) { return 0, errors.New("no luck") }
			d := deferred.List(s.Reactor, deferred.ListOptions{ConsumeErrors: true},
				after(s, a[0], 1), deferred.Later(s.Reactor, duration(a[0]), fail), after(s, "0s", 3))
			d.Handle(func(r deferred.ListResult[int], err error) {
				text := name(err)
				for _, o := range r.Outcomes {
					text += fmt.Sprintf(" %d/%s", o.Value, name(o.Err))
				}
				s.happened("gathered", text, p)
			})
			return nil
		},
		"await": func(s *Stage, p *Puppet, a []string) error { // twice, and then one that fails
			deferred.Go(s.Reactor, func(co *deferred.Coroutine) (int, error) {
				sum := 0
				for n := range 2 {
					v, err := deferred.Await(co, after(s, a[0], n+1))
					if err != nil {
						return 0, err
					}
					sum += v
					s.Tell("awaited " + strconv.Itoa(sum))
				}
				_, err := deferred.Await(co, deferred.Later(s.Reactor, duration(a[0]), func() (int, error) {
					return 0, protocol.ErrTimeout
				}))
				return sum, err
			}).Handle(func(_ int, err error) { s.happened("returned", name(err), p) })
			return nil
		},
		"cooperate": func(s *Stage, p *Puppet, a []string) error { // two tasks of so many steps
			c := deferred.NewCooperator(s.Reactor)
			var last *deferred.Task
			for _, label := range []string{"a", "b"} {
				n := 0
				last = c.Cooperate(func() (*deferred.Deferred[deferred.Unit], error) {
					if n == number(a[0]) {
						return nil, io.EOF
					}
					n++
					s.Tell(label + " " + strconv.Itoa(n))
					return nil, nil
				})
			}
			last.WhenDone().Handle(func(_ deferred.Unit, err error) { s.happened("cooperated", name(err), p) })
			return nil
		},
		"lock": func(s *Stage, _ *Puppet, a []string) error { // held by two, one after the other
			l := deferred.NewLock(s.Reactor)
			for n := range 2 {
				deferred.RunWith(l, func() *deferred.Deferred[int] {
					s.Tell("locked " + strconv.Itoa(n+1))
					return after(s, a[0], n+1)
				}).Handle(func(n int, _ error) { s.Tell("unlocked " + strconv.Itoa(n)) })
			}
			return nil
		},
	})
}

// after is a Deferred that fires with value.
func after(s *Stage, d string, value int) *deferred.Deferred[int] {
	return deferred.Later(s.Reactor, duration(d), func() (int, error) { return value, nil })
}

func init() {
	protocol.HandleTask("upper", func(input []byte) ([]byte, error) { return []byte(strings.ToUpper(string(input))), nil })
	protocol.HandleTask("fail", func([]byte) ([]byte, error) { return nil, errors.New("no luck") })
	protocol.HandleTask("spin", func([]byte) ([]byte, error) {
		for n := 1; ; n++ {
			if n == 0 {
				return nil, nil
			}
		}
	})
}

// The commands that ask the reactor for something.
func init() {
	maps.Copy(commands, map[string]command{
		"dial": func(s *Stage, _ *Puppet, a []string) error {
			c, err := s.Reactor.Connect(a[0], Factory{s})
			if err == nil {
				s.connector = c
			}
			return err
		},
		"dial-for": func(s *Stage, _ *Puppet, a []string) error { // with a PROXY header of this version and these ends
			h := policy.ProxyHeader{Version: number(a[1])}
			if a[2] != "" {
				h.Source = protocol.TCPAddress{AddrPort: netip.MustParseAddrPort(a[2])}
				h.Destination = protocol.TCPAddress{AddrPort: netip.MustParseAddrPort(a[3])}
			}
			_, err := s.Reactor.Connect(a[0], policy.NewProxyClientFactory(Factory{s}, h))
			return err
		},
		"redial": func(s *Stage, _ *Puppet, _ []string) error { s.connector.Connect(); return nil },
		"redial-up-to": func(s *Stage, _ *Puppet, a []string) error { // so many times
			if s.redials++; s.redials <= number(a[0]) {
				s.connector.Connect()
			}
			return nil
		},
		"connect-protocol": func(s *Stage, p *Puppet, a []string) error {
			connecting := deferred.Connect(s.Reactor, a[0], protocol.FactoryFunc(Factory{s}.BuildProtocol))
			connecting.Handle(func(_ protocol.Protocol, err error) { s.happened("connected", name(err), p) })
			return nil
		},
		"stopconnecting": func(s *Stage, _ *Puppet, _ []string) error { s.connector.StopConnecting(); return nil },
		"disconnect":     func(s *Stage, _ *Puppet, _ []string) error { s.connector.Disconnect(); return nil },
		"listen": func(s *Stage, _ *Puppet, a []string) (err error) {
			s.port, err = s.Reactor.Listen(a[0], Factory{s})
			return err
		},
		"listen-again": func(s *Stage, _ *Puppet, _ []string) error { // on the port that it has
			_, port, _ := strings.Cut(s.port.Host().String(), ":")
			_, err := s.Reactor.Listen("tcp:"+port+":interface=127.0.0.1", Factory{s})
			return err
		},
		"stoplistening": func(s *Stage, _ *Puppet, _ []string) error { s.port.StopListening(); return nil },
		"dial-own":      func(s *Stage, p *Puppet, _ []string) error { return s.do([]string{"dial", s.own("tcp")}, p) },
		"resolve": func(s *Stage, p *Puppet, a []string) error {
			s.request = s.Reactor.Resolve(a[0], func(addresses []string, err error) {
				found := "nothing"
				if len(addresses) > 0 {
					found = strconv.FormatBool(netip.MustParseAddr(addresses[0]).IsLoopback())
				}
				s.happened("resolved", found+" "+name(err), p)
			})
			return nil
		},
		"task": func(s *Stage, p *Puppet, a []string) error {
			s.request = s.Reactor.DeferToThread(a[0], []byte(a[1]), func(result []byte, err error) {
				s.happened("done", string(result)+" "+name(err), p)
			})
			return nil
		},
		"cancel-request": func(s *Stage, _ *Puppet, _ []string) error { s.request.Cancel(); return nil },
		"reconnect": func(s *Stage, _ *Puppet, a []string) error { // ReconnectingFactory, up to so many attempts
			f := client.NewReconnectingFactory(s.Reactor, Factory{s})
			f.InitialDelay, f.MaxRetries = time.Millisecond, number(a[1])
			_, err := s.Reactor.Connect(a[0], f)
			return err
		},
		"service": func(s *Stage, p *Puppet, a []string) error { // ClientService, until it is connected
			s.service = client.NewService(s.Reactor, a[0], Factory{s}, client.Options{
				RetryPolicy: func(int) time.Duration { return time.Millisecond },
			})
			s.service.WhenConnected(number(a[1])).Handle(func(_ protocol.Protocol, err error) {
				s.happened("connected", name(err), p)
			})
			return s.service.Start()
		},
		"stopservice": func(s *Stage, p *Puppet, _ []string) error {
			s.service.Stop().Handle(func(_ deferred.Unit, err error) { s.happened("service stopped", name(err), p) })
			return nil
		},
		"listen-udp": func(s *Stage, _ *Puppet, a []string) (err error) {
			s.port, err = s.Reactor.ListenUDP(a[0], &datagram{stage: s})
			return err
		},
		"tell-port": func(s *Stage, _ *Puppet, _ []string) error {
			_, port, _ := strings.Cut(s.port.Host().String(), ":")
			s.Tell("port " + port)
			return nil
		},
		"dial-udp": func(s *Stage, _ *Puppet, a []string) error {
			_, err := s.Reactor.ConnectUDP(a[0], &datagram{stage: s})
			return err
		},
		"dial-own-udp": func(s *Stage, p *Puppet, _ []string) error { return s.do([]string{"dial-udp", s.own("udp")}, p) },
		"send":         func(s *Stage, _ *Puppet, a []string) error { return s.datagrams.Write([]byte(a[0])) },
		"send-bytes": func(s *Stage, _ *Puppet, a []string) error {
			return s.datagrams.Write(make([]byte, number(a[0])))
		},
		"stop": func(s *Stage, _ *Puppet, a []string) error { return s.Reactor.Stop(number(a[0])) },
	})
}

// own is the client endpoint of the port that the stage has opened.
func (s *Stage) own(scheme string) string {
	at := netip.MustParseAddrPort(s.port.Host().String())
	return fmt.Sprintf("%s:%s:%d", scheme, strings.ReplaceAll(at.Addr().String(), ":", `\:`), at.Port())
}

// datagram is a puppet on a UDP port: what it hears begins with the event "heard".
type datagram struct {
	stage *Stage
	t     protocol.DatagramTransport
}

var (
	_ protocol.DatagramProtocol  = (*datagram)(nil)
	_ protocol.ConnectionRefuser = (*datagram)(nil)
)

// StartProtocol implements [protocol.DatagramProtocol].
func (d *datagram) StartProtocol(t protocol.DatagramTransport) {
	d.t = t
	kind := "listening"
	if _, connected := t.Peer(); connected {
		kind, d.stage.datagrams = "connected", t
	}
	d.stage.happened("udp", kind, nil)
}

// DatagramReceived implements [protocol.DatagramProtocol]. A port without a peer answers each datagram that it hears.
func (d *datagram) DatagramReceived(data []byte, from netip.AddrPort) {
	d.stage.happened("heard", string(data), nil)
	if _, connected := d.t.Peer(); !connected {
		if err := d.t.WriteTo([]byte("re:"+string(data)), from); err != nil {
			d.stage.Tell("answer: " + name(err))
		}
	}
}

// ConnectionRefused implements [protocol.ConnectionRefuser].
func (d *datagram) ConnectionRefused() { d.stage.happened("udp refused", "", nil) }

// StopProtocol implements [protocol.DatagramProtocol].
func (d *datagram) StopProtocol(reason error) { d.stage.happened("udp over", name(reason), nil) }
