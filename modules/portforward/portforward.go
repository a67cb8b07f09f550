// Package portforward passes each connection on to another address: TCP port forwarding, in both directions, with
// half-closes and backpressure.
package portforward

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasmnet/wasmnet/modules/internal/relay"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// How bytes are passed on.
const (
	ModeSplice = relay.Splice // by the host, in the kernel where it can: the guest sees none of them
	ModeRelay  = relay.Relay  // by the guest, byte by byte
)

// Whether the backend is told whom a connection is from, with a header of the PROXY protocol.
const (
	ProxyNone = "none"
	ProxyV1   = "v1" // the textual form
	ProxyV2   = "v2" // the binary form
)

// DefaultTo is where connections go if nothing else is configured.
const DefaultTo = "tcp:127.0.0.1:6665"

// Config is where connections go.
type Config struct {
	// To is the client endpoint string of the backend: tcp:, tls:, ssl: or unix:. Default: DefaultTo.
	To string
	// Mode is ModeSplice (the default) or ModeRelay.
	Mode string
	// Proxy is ProxyNone (the default), ProxyV1 or ProxyV2. On a backend with TLS the header is inside.
	Proxy string
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	c := Config{To: s.Text("to", DefaultTo), Mode: s.Choice("mode", ModeSplice, ModeRelay),
		Proxy: s.Choice("proxy-protocol", ProxyNone, ProxyV1, ProxyV2)}
	return c, s.Err()
}

// New returns a factory of forwarders. It fails on a Config that makes no sense.
func New(_ protocol.Reactor, c Config) (protocol.Factory, error) {
	if c.To == "" {
		c.To = DefaultTo
	}
	if c.Mode == "" {
		c.Mode = ModeSplice
	}
	scheme, _, _ := strings.Cut(c.To, ":")
	switch {
	case !slices.Contains([]string{"tcp", "tls", "ssl", "unix"}, scheme):
		return nil, fmt.Errorf("to %q: want a client endpoint of streams, such as tcp:HOST:PORT or unix:PATH", c.To)
	case c.Mode != ModeSplice && c.Mode != ModeRelay:
		return nil, fmt.Errorf("mode %q: want %s or %s", c.Mode, ModeSplice, ModeRelay)
	case !slices.Contains([]string{"", ProxyNone, ProxyV1, ProxyV2}, c.Proxy):
		return nil, fmt.Errorf("proxy-protocol %q: want %s, %s or %s", c.Proxy, ProxyNone, ProxyV1, ProxyV2)
	}
	relay.Rehearse(&dial{})
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &inbound{config: c} }), nil
}

// inbound is the connection that was accepted. It is not read from before the backend is there.
type inbound struct {
	relay.End
	config Config
}

// ConnectionMade dials the backend.
func (p *inbound) ConnectionMade(t protocol.Transport) {
	p.End.ConnectionMade(t)
	connector, err := t.Reactor().Connect(p.config.To, &dial{inbound: p})
	if err != nil {
		t.AbortConnection()
		return
	}
	p.Lost = func(error) { connector.StopConnecting() }
}

// dial is the factory of the connection to the backend.
type dial struct{ inbound *inbound }

var _ protocol.ClientFactory = (*dial)(nil)

// BuildProtocol implements [protocol.Factory].
func (d *dial) BuildProtocol(protocol.Address) protocol.Protocol {
	if d.inbound.IsLost() {
		return nil
	}
	return &outbound{inbound: d.inbound}
}

// StartedConnecting implements [protocol.ClientFactory].
func (d *dial) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed closes the connection that was to be forwarded: it will not be answered.
func (d *dial) ClientConnectionFailed(protocol.Connector, error) {
	d.inbound.Transport.LoseConnection()
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (d *dial) ClientConnectionLost(protocol.Connector, error) {}

// outbound is the connection to the backend.
type outbound struct {
	relay.End
	inbound *inbound
}

// ConnectionMade joins the two.
func (p *outbound) ConnectionMade(t protocol.Transport) {
	p.End.ConnectionMade(t)
	if version := proxyVersions[p.inbound.config.Proxy]; version > 0 {
		from := p.inbound.Transport
		header := policy.ProxyHeader{Version: version, Source: from.Peer(), Destination: from.Host()}
		_, _ = t.Write(policy.AppendProxyHeader(nil, header)) // it fails if the connection is lost, which is passed on
	}
	relay.Join(&p.inbound.End, &p.End, p.inbound.config.Mode)
}

// proxyVersions are the versions of the PROXY protocol by their names in a Config.
var proxyVersions = map[string]int{ProxyV1: 1, ProxyV2: 2}
