package vectors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func init() { players["socks4"] = socksScript }

// socksCase is a request of SOCKS 4 and the world that it is made in.
type socksCase struct {
	*script
	bind     bool
	length   int            // of the request
	target   netip.AddrPort // of the request; the address of a name is not valid
	name     string         // that the request has, for SOCKS 4a
	listen   netip.AddrPort // where BIND listens
	incoming netip.AddrPort // who connects then; not valid: nobody
	hosts    map[string][]string
}

// socks4Header is the length of a request without its texts. Port and address begin at byte 2, as they do in a reply.
const socks4Header = 8

// socksScript plays a SOCKS 4 proxy. In the case's world there are the names of its resolver, a server at the request's
// destination, and, for BIND, a peer that connects.
func socksScript(c *testCase) (*script, error) {
	s := &socksCase{script: &script{module: "socks", config: map[string]string{}}, hosts: map[string][]string{}}
	if c.Role != "server" {
		return nil, fmt.Errorf("role %q cannot be played", c.Role)
	}
	if err := errors.Join(s.setUp(c.Setup), s.read(c.Send)); err != nil {
		return nil, err
	}
	if s.listen.IsValid() {
		s.config["bind-address"], s.config["bind-ports"] = s.listen.Addr().String(), fmt.Sprint(s.listen.Port())
	}
	plain := *c
	plain.Expect = maps.Clone(c.Expect)
	delete(plain.Expect, "connect")
	var err error
	if s.want, err = plain.wants("first_reply", "incoming_accepted", "output", "close"); err != nil {
		return nil, err
	}
	if raw, ok := c.Expect["connect"]; ok {
		var host string
		var port uint16
		if err := json.Unmarshal(raw, &[]any{&host, &port}); err != nil {
			return nil, fmt.Errorf("expectation connect: %w", err)
		}
		s.want["connect"] = fmt.Sprintf("%s:%d", host, port)
	}
	s.inMemory, s.overSockets = s.playInMemory, s.playOverSockets
	return s.script, nil
}

func (s *socksCase) setUp(setup map[string]any) error {
	for key, value := range setup {
		text, isText := value.(string)
		names, isMap := value.(map[string]any)
		var err error
		switch {
		case key == "listen" && isText:
			s.listen, err = netip.ParseAddrPort(text)
		case key == "incoming" && isText:
			s.incoming, err = netip.ParseAddrPort(text)
		case key == "resolver" && isMap:
			err = s.resolves(names)
		default:
			err = errors.New("cannot be played")
		}
		if err != nil {
			return fmt.Errorf("setup %s = %v: %w", key, value, err)
		}
	}
	return nil
}

// resolves reads the names that can be resolved: to an address, to a list of them, or, null, to none.
func (s *socksCase) resolves(names map[string]any) error {
	for name, value := range names {
		list, ok := value.([]any)
		if !ok && value != nil {
			list = []any{value}
		}
		for _, v := range list {
			text, _ := v.(string)
			if _, err := netip.ParseAddr(text); err != nil {
				return err
			}
			s.hosts[name] = append(s.hosts[name], text)
		}
	}
	return nil
}

// read takes from the request what the world must be prepared for.
func (s *socksCase) read(send []string) error {
	chunks, err := unhex(send)
	request := bytes.Join(chunks, nil)
	if err != nil || len(request) < socks4Header {
		return fmt.Errorf("no request of SOCKS 4 (%v)", err)
	}
	s.bind = request[1] == 2
	ip := netip.AddrFrom4([4]byte(request[4:socks4Header]))
	port := binary.BigEndian.Uint16(request[2:])
	user, rest, _ := bytes.Cut(request[socks4Header:], []byte{0})
	s.length = socks4Header + len(user) + 1
	if b := ip.As4(); b[0]|b[1]|b[2] == 0 && b[3] != 0 {
		name, _, _ := bytes.Cut(rest, []byte{0})
		s.length += len(name) + 1
		s.name, ip = string(name), netip.Addr{}
	}
	s.target = netip.AddrPortFrom(ip, port)
	return nil
}

// targets are the addresses at which a server may be asked for.
func (s *socksCase) targets() []netip.Addr {
	if s.name == "" {
		return []netip.Addr{s.target.Addr()}
	}
	var all []netip.Addr
	for _, text := range s.hosts[s.name] {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func (s *socksCase) playInMemory(t *testing.T, chunks [][]byte) observed {
	r := reactortest.NewReactor()
	r.Hosts = s.hosts
	seen := observed{}
	for _, ip := range s.targets() {
		at := netip.AddrPortFrom(ip, s.target.Port())
		f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			seen["connect"] = at.String()
			return &reactortest.Recorder{}
		})
		if _, err := r.Listen(fmt.Sprintf("tcp:%d:interface=%s", at.Port(), ip), f); err != nil {
			t.Fatal(err)
		}
	}
	client, conn := s.join(t, r, nil, chunks)
	if s.incoming.IsValid() {
		seen["first_reply"] = fmt.Sprintf("%x", client.Take())
		visitor := &reactortest.Recorder{}
		f := protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return visitor })
		if _, err := r.Connect(fmt.Sprintf("tcp:%s:%d:bindAddress=%s", s.listen.Addr(), s.listen.Port(), s.incoming.Addr()), f); err != nil {
			t.Fatal(err)
		}
		r.Settle()
		seen["incoming_accepted"] = fmt.Sprint(visitor.Transport != nil && visitor.Reason == nil)
	}
	seen["output"] = fmt.Sprintf("%x", client.Take())
	seen["close"] = fmt.Sprint(conn.Disconnecting())
	return seen
}
