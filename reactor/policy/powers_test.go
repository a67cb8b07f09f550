package policy

import (
	"crypto/tls"
	"errors"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// able is a transport that can do what the reactor's can.
type able struct {
	protocol.Transport
	credentials protocol.PeerCredentials
	limits      [3]int
	config      *tls.Config
}

func (t *able) PeerCredentials() (protocol.PeerCredentials, error) { return t.credentials, nil }

func (t *able) SetOutputLimits(high, low, hardCap int) error {
	t.limits = [3]int{high, low, hardCap}
	return nil
}

func (t *able) StartTLSConfig(cfg *tls.Config, server bool) error {
	if server {
		t.config = cfg
	}
	return nil
}

// abilities are what is used of a transport beyond protocol.Transport.
type abilities interface {
	protocol.CredentialedTransport
	SetOutputLimits(high, low, hardCap int) error
	StartTLSConfig(cfg *tls.Config, server bool) error
}

// TestAbilities: behind all policies a transport can do what the one below can, and says so if that cannot.
func TestAbilities(t *testing.T) {
	inner := &all{}
	p := build(everything(always(inner)), "1.2.3.4:5")
	below := &able{Transport: reactortest.NewStringTransport(), credentials: protocol.PeerCredentials{PID: 7}}
	p.ConnectionMade(below)
	a := inner.Transport.(abilities)
	if c, err := a.PeerCredentials(); c != below.credentials || err != nil {
		t.Errorf("credentials %v, %v", c, err)
	}
	if err := a.SetOutputLimits(3, 2, 4); err != nil || below.limits != [3]int{3, 2, 4} {
		t.Errorf("limits %v, %v", below.limits, err)
	}
	if cfg := (&tls.Config{}); a.StartTLSConfig(cfg, true) != nil || below.config != cfg {
		t.Error("the configuration did not arrive")
	}

	inner = &all{}
	build(everything(always(inner)), "1.2.3.4:5").ConnectionMade(reactortest.NewStringTransport())
	a = inner.Transport.(abilities)
	_, err := a.PeerCredentials()
	for name, err := range map[string]error{
		"credentials": err, "limits": a.SetOutputLimits(3, 2, 4), "TLS": a.StartTLSConfig(&tls.Config{}, true),
	} {
		if !errors.Is(err, protocol.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWrappedProtocol finds the protocol behind all policies.
func TestWrappedProtocol(t *testing.T) {
	inner := &all{}
	p := build(everything(always(inner)), "1.2.3.4:5")
	for range 5 {
		p = p.(protocol.Wrapper).WrappedProtocol()
	}
	if p != protocol.Protocol(inner) {
		t.Errorf("found %T", p)
	}
}
