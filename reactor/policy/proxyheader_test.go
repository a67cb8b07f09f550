package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestParseProxyHeader(t *testing.T) {
	const inet = "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02" // 1.2.3.4:1 to 5.6.7.8:2
	unix, zeros := strings.Repeat("\x00", 108), strings.Repeat("\x00", 15)
	tests := []struct {
		name, data          string
		version             int
		source, destination string // empty: nil
	}{
		{"v1 TCP4", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65535\r\n", 1, "1.2.3.4:1", "5.6.7.8:65535"},
		{"v1 TCP6", "PROXY TCP6 ::1 2001:db8::2 0 80\r\n", 1, "[::1]:0", "[2001:db8::2]:80"},
		{"v1 mapped", "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n", 1, "[::ffff:1.2.3.4]:1", "[::1]:2"},
		{"v1 UNKNOWN", "PROXY UNKNOWN\r\n", 1, "", ""},
		{"v1 UNKNOWN with more", "PROXY UNKNOWN ffff:: whatever 1 2\r\n", 1, "", ""},
		{
			"v1 longest", "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" +
				" 65535 65535\r\n", 1, "", "",
		},
		{"v2 LOCAL", proxyV2Signature + "\x20\x00\x00\x00", 2, "", ""},
		{"v2 LOCAL, anything else", proxyV2Signature + "\x20\xff\x00\x02ab", 2, "", ""},
		{"v2 TCP4", proxyV2Signature + "\x21\x11\x00\x0c" + inet, 2, "1.2.3.4:1", "5.6.7.8:2"},
		{
			"v2 TCP4 and more fields", proxyV2Signature + "\x21\x11\x00\x10" + inet + "\x04\x00\x01x",
			2, "1.2.3.4:1", "5.6.7.8:2",
		},
		{"v2 UDP4", proxyV2Signature + "\x21\x12\x00\x0c" + inet, 2, "1.2.3.4:1", "5.6.7.8:2"},
		{
			"v2 TCP6", proxyV2Signature + "\x21\x21\x00\x24" + zeros + "\x01" + zeros + "\x02" + "\x00\x01\x00\x02",
			2, "[::1]:1", "[::2]:2",
		},
		{"v2 UNIX", proxyV2Signature + "\x21\x31\x00\xd8" + "/a" + unix[2:] + "\x00b" + unix[2:], 2, "/a", "@b"},
		{
			"v2 UNIX, full", proxyV2Signature + "\x21\x31\x00\xd8" + strings.Repeat("x", 108) + unix, 2,
			strings.Repeat("x", 108), " ",
		},
		{"v2 unspecified", proxyV2Signature + "\x21\x00\x00\x00", 2, "", ""},
		{"v2 INET without transport", proxyV2Signature + "\x21\x10\x00\x0c" + inet, 2, "", ""},
		{"v2 largest", proxyV2Signature + "\x20\x00\x0f\xf0" + strings.Repeat("x", 4080), 2, "", ""},
	}
	for _, test := range tests {
		for _, rest := range []string{"", "\r\nmore\x00"} {
			data := []byte(test.data + rest)
			h, n, err := ParseProxyHeader(data)
			if err != nil || n != len(test.data) || h.Version != test.version {
				t.Errorf("%s: %+v, %d, %v", test.name, h, n, err)
			}
			for _, end := range []struct {
				got  protocol.Address
				want string
			}{{h.Source, test.source}, {h.Destination, test.destination}} {
				if (end.got == nil) != (end.want == "") || end.got != nil && end.got.String() != strings.TrimSpace(end.want) {
					t.Errorf("%s: address %v, want %s", test.name, end.got, end.want)
				}
			}
		}
		for i := range test.data {
			if _, _, err := ParseProxyHeader([]byte(test.data[:i])); err != ErrProxyIncomplete {
				t.Fatalf("%s: the first %d bytes: %v", test.name, i, err)
			}
			if n := ProxyHeaderMissing([]byte(test.data[:i])); n < 1 || i+n > len(test.data) {
				t.Fatalf("%s: the first %d bytes lack %d", test.name, i, n)
			}
		}
	}
}

func TestParseProxyHeaderErrors(t *testing.T) {
	// complete is how many bytes it takes to see the error.
	tests := []struct {
		name, data string
		complete   int
	}{
		{"neither", "GET / HTTP/1.1\r\n", 1},
		{"v1 lower case", "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", 1},
		{"v1 almost", "PROXX", 5},
		{"v1 no space", "PROXY\r\n", 6},
		{"v1 no family", "PROXY \r\n", 8},
		{"v1 other family", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", 32},
		{"v1 LF only", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", 31},
		{"v1 no addresses", "PROXY TCP4\r\n", 12},
		{"v1 too few", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", 30},
		{"v1 too many", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", 34},
		{"v1 two spaces", "PROXY TCP4 1.2.3.4  5.6.7.8 1 2\r\n", 33},
		{"v1 wrong family", "PROXY TCP4 ::1 ::2 1 2\r\n", 24},
		{"v1 wrong family 6", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", 32},
		{"v1 no address", "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", 30},
		{"v1 zone", "PROXY TCP6 fe80::1%lo ::2 1 2\r\n", 31},
		{"v1 port too high", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n", 36},
		{"v1 port signed", "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", 33},
		{"v1 port with a zero", "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n", 33},
		{"v1 too long", "PROXY UNKNOWN " + strings.Repeat("x", 93), 107},
		{"v1 too long with end", "PROXY UNKNOWN " + strings.Repeat("x", 92) + "\r\n", 107},
		{"v2 signature", "\r\n\r\n\x00\r\nQUIT\r", 12},
		{"v2 version", proxyV2Signature + "\x11", 13},
		{"v2 command", proxyV2Signature + "\x22", 13},
		{"v2 family", proxyV2Signature + "\x21\x41", 14},
		{"v2 transport", proxyV2Signature + "\x21\x13", 14},
		{"v2 too short for its addresses", proxyV2Signature + "\x21\x11\x00\x0b", 16},
		{"v2 too short for its addresses 6", proxyV2Signature + "\x21\x21\x00\x23", 16},
		{"v2 too short for its paths", proxyV2Signature + "\x21\x31\x00\xd7", 16},
		{"v2 too long", proxyV2Signature + "\x21\x11\x0f\xf1", 16},
		{"v2 too long and local", proxyV2Signature + "\x20\x00\xff\xff", 16},
	}
	for _, test := range tests {
		for i := range len(test.data) + 1 {
			_, _, err := ParseProxyHeader([]byte(test.data[:i]))
			if i < test.complete && err != ErrProxyIncomplete {
				t.Errorf("%s: the first %d bytes: %v", test.name, i, err)
			}
			if i >= test.complete && !errors.Is(err, ErrProxyHeader) {
				t.Errorf("%s: the first %d bytes: %v", test.name, i, err)
			}
		}
	}
}

// It takes few reads to read a header and nothing else.
func TestProxyHeaderMissing(t *testing.T) {
	tests := []struct {
		data  string
		reads int
	}{
		{"PROXY UNKNOWN\r\n", 1},
		{"PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n", 4},
		{"PROXY TCP4 192.168.100.200 192.168.100.201 50000 60000\r\n", 9},
		{"PROXY TCP6 2001:db8:aaaa:bbbb::1 2001:db8:aaaa:bbbb::2 50000 443\r\n", 11},
		{proxyV2Signature + "\x20\x00\x00\x00", 2},
		{proxyV2Signature + "\x21\x11\x00\x0c\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02", 3},
	}
	for _, test := range tests {
		reads, read := 0, 0
		for ; read < len(test.data); reads++ {
			if _, _, err := ParseProxyHeader([]byte(test.data[:read])); err != ErrProxyIncomplete {
				t.Fatalf("%q: %v after %d bytes", test.data, err, read)
			}
			read += ProxyHeaderMissing([]byte(test.data[:read]))
		}
		if read != len(test.data) || reads > test.reads {
			t.Errorf("%q: %d bytes of %d in %d reads", test.data, read, len(test.data), reads)
		}
	}
}

func TestAppendProxyHeader(t *testing.T) {
	u := func(s string) protocol.Address { return protocol.UNIXAddress{Name: s} }
	udp := func(s string) protocol.Address { return protocol.UDPAddress{AddrPort: tcp(s).AddrPort} }
	tests := []struct {
		source, destination protocol.Address
		v1                  string
		// v2 is what parsing version 2 gives back.
		v2source, v2destination protocol.Address
	}{
		{tcp("1.2.3.4:5"), tcp("6.7.8.9:10"), "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n", tcp("1.2.3.4:5"), tcp("6.7.8.9:10")},
		{tcp("[::1]:5"), tcp("[::2]:10"), "PROXY TCP6 ::1 ::2 5 10\r\n", tcp("[::1]:5"), tcp("[::2]:10")},
		{
			tcp("[::ffff:1.2.3.4]:5"), tcp("6.7.8.9:10"), "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n",
			tcp("1.2.3.4:5"), tcp("6.7.8.9:10"),
		},
		{tcp("[fe80::1%lo]:5"), tcp("[::2]:10"), "PROXY TCP6 fe80::1 ::2 5 10\r\n", tcp("[fe80::1]:5"), tcp("[::2]:10")},
		{
			tcp("1.2.3.4:5"), tcp("[::2]:10"), "PROXY TCP6 ::ffff:1.2.3.4 ::2 5 10\r\n",
			tcp("[::ffff:1.2.3.4]:5"), tcp("[::2]:10"),
		},
		{udp("1.2.3.4:5"), udp("6.7.8.9:10"), "PROXY TCP4 1.2.3.4 6.7.8.9 5 10\r\n", udp("1.2.3.4:5"), udp("6.7.8.9:10")},
		{u("/a"), u("@b"), "PROXY UNKNOWN\r\n", u("/a"), u("@b")},
		{u(""), u(strings.Repeat("x", 108)), "PROXY UNKNOWN\r\n", u(""), u(strings.Repeat("x", 108))},
		{u("/a"), u(strings.Repeat("x", 109)), "PROXY UNKNOWN\r\n", nil, nil},
		{u("/a"), tcp("1.2.3.4:5"), "PROXY UNKNOWN\r\n", nil, nil},
		{tcp("1.2.3.4:5"), nil, "PROXY UNKNOWN\r\n", nil, nil},
		{nil, nil, "PROXY UNKNOWN\r\n", nil, nil},
		{protocol.HostnameAddress{Host: "a", Port: 1}, tcp("1.2.3.4:5"), "PROXY UNKNOWN\r\n", nil, nil},
	}
	for _, test := range tests {
		if got := AppendProxyHeader([]byte("x"), ProxyHeader{1, test.source, test.destination}); string(got) != "x"+test.v1 {
			t.Errorf("%v to %v: %q, want %q", test.source, test.destination, got, test.v1)
		}
		data := AppendProxyHeader([]byte("x"), ProxyHeader{2, test.source, test.destination})
		h, n, err := ParseProxyHeader(data[1:])
		if err != nil || n != len(data)-1 || h != (ProxyHeader{2, test.v2source, test.v2destination}) {
			t.Errorf("%v to %v: %+v, %d of %d, %v", test.source, test.destination, h, n, len(data), err)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("there is no version 3")
		}
	}()
	AppendProxyHeader(nil, ProxyHeader{Version: 3})
}

func FuzzParseProxyHeader(f *testing.F) {
	for _, version := range []int{1, 2} {
		for _, h := range []ProxyHeader{
			{version, tcp("1.2.3.4:5"), tcp("6.7.8.9:10")},
			{version, tcp("[::1]:5"), tcp("[::2]:10")},
			{version, protocol.UNIXAddress{Name: "/a"}, protocol.UNIXAddress{Name: "@b"}},
			{version, nil, nil},
		} {
			f.Add(append(AppendProxyHeader(nil, h), "GET"...))
		}
	}
	f.Add([]byte("PROXY UNKNOWN x\r\n"))
	f.Add([]byte(proxyV2Signature + "\x21\x11\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		h, n, err := ParseProxyHeader(data)
		if err != nil {
			if h != (ProxyHeader{}) || n != 0 {
				t.Fatalf("%q: %+v and %d bytes beside %v", data, h, n, err)
			}
			if err == ErrProxyIncomplete && len(data) >= MaxProxyHeader {
				t.Fatalf("%d bytes are not enough", len(data))
			}
			if err != ErrProxyIncomplete && !errors.Is(err, ErrProxyHeader) {
				t.Fatalf("%q: %v", data, err)
			}
			return
		}
		if n < 15 || n > len(data) || n > MaxProxyHeader || (h.Source == nil) != (h.Destination == nil) {
			t.Fatalf("%q: %+v, %d bytes", data, h, n)
		}
		// What comes after makes no difference, and no part of it is enough.
		if again, m, err := ParseProxyHeader(data[:n:n]); again != h || m != n || err != nil {
			t.Fatalf("%q alone: %+v, %d, %v", data[:n], again, m, err)
		}
		for _, i := range []int{0, 1, n / 2, n - 1} {
			if _, _, err := ParseProxyHeader(data[:i]); err != ErrProxyIncomplete {
				t.Fatalf("the first %d bytes of %q: %v", i, data[:n], err)
			}
			if missing := ProxyHeaderMissing(data[:i]); missing < 1 || i+missing > n {
				t.Fatalf("the first %d bytes of %q lack %d", i, data[:n], missing)
			}
		}
		// It can be written again.
		text := AppendProxyHeader(nil, h)
		again, m, err := ParseProxyHeader(text)
		if err != nil || m != len(text) || !bytes.Equal(AppendProxyHeader(nil, again), text) {
			t.Fatalf("%+v written again is %q, which is %+v, %v", h, text, again, err)
		}
		if fmt.Sprint(again) != fmt.Sprint(h) && !strings.Contains(fmt.Sprint(h), "::ffff:") {
			t.Fatalf("%+v written again is %+v", h, again)
		}
	})
}
