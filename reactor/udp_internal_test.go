//go:build linux

package reactor

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMulticastSockopts asks the kernel what it was told.
func TestMulticastSockopts(t *testing.T) {
	for _, test := range []struct {
		name                  string
		bind                  string
		level, ttl, loop, all int
	}{
		{"IPv4", "127.0.0.1:0", unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, unix.IP_MULTICAST_LOOP, unix.IP_MULTICAST_ALL},
		{"IPv6", "[::1]:0", unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, unix.IPV6_MULTICAST_LOOP, unix.IPV6_MULTICAST_ALL},
	} {
		t.Run(test.name, func(t *testing.T) {
			opened, err := fdBackend{}.packet(packetOptions{bind: netip.MustParseAddrPort(test.bind)})
			if err != nil {
				t.Fatal(err)
			}
			defer opened.close()
			s := opened.(*fdPacket)
			expect := func(name string, option, want int) {
				t.Helper()
				if got, err := unix.GetsockoptInt(s.fd, test.level, option); err != nil || got != want {
					t.Errorf("%s is %d, %v; want %d", name, got, err, want)
				}
			}
			expect("membership of others", test.all, 0)
			for _, hops := range []int{0, 1, 255} {
				if err := s.setMulticastTTL(hops); err != nil {
					t.Error(err)
				}
				expect("TTL", test.ttl, hops)
			}
			for _, on := range []bool{false, true} {
				if err := s.setMulticastLoopback(on); err != nil {
					t.Error(err)
				}
				expect("loopback", test.loop, number(on))
			}
		})
	}
}

// TestDatagramsShareSystemCalls has a batch go out with one system call and come in with another, in order.
func TestDatagramsShareSystemCalls(t *testing.T) {
	const together = 8 // the kernel queues ten for a UNIX socket
	names := [2]string{"@" + t.TempDir() + "/a", "@" + t.TempDir() + "/b"}
	for kind, options := range map[string][2]packetOptions{
		"UDP":  {{bind: netip.MustParseAddrPort("127.0.0.1:0")}, {bind: netip.MustParseAddrPort("127.0.0.1:0")}},
		"UNIX": {{unix: true, bindName: names[0]}, {unix: true, bindName: names[1]}},
	} {
		t.Run(kind, func(t *testing.T) {
			var ends [2]packetSocket
			for i, o := range options {
				s, err := fdBackend{}.packet(o)
				if err != nil {
					t.Fatal(err)
				}
				defer s.close()
				ends[i] = s
			}
			o, in := &outgoing{}, newDatagrams()
			to, name := ends[1].localAddr(), ""
			if kind == "UNIX" {
				to, name = netip.AddrPort{}, names[1]
			}
			for n := range together {
				if !o.add([]byte{byte(n)}, to, name) {
					t.Fatalf("%d datagrams are gathered, want %d", n, together)
				}
			}
			if sent, err := ends[0].send(o); sent != together || err != nil {
				t.Errorf("one call sends %d datagrams, %v; want %d", sent, err, together)
			}
			if err := ends[1].receive(in); err != nil || in.n != together {
				t.Fatalf("one call receives %d datagrams, %v; want %d", in.n, err, together)
			}
			for n := range together {
				if in.size[n] != 1 || in.slot(n)[0] != byte(n) {
					t.Errorf("datagram %d has %d bytes, %d first", n, in.size[n], in.slot(n)[0])
				}
			}
		})
	}
}
