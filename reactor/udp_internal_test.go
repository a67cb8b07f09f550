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
