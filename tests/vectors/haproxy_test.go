package vectors

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	for _, version := range []string{"haproxy-v1", "haproxy-v2"} {
		players[version] = proxyScript
	}
}

// The addresses that the cases take a connection to have before a header says otherwise.
var (
	casePeer = netip.MustParseAddrPort("192.0.2.2:999")
	caseHost = netip.MustParseAddrPort("192.0.2.1:80")
)

// proxyScript plays a PROXY protocol header and what follows it. Its protocol reports what it gets to see.
func proxyScript(c *testCase) (*script, error) {
	if c.Role != "server" || len(c.Setup) > 0 {
		return nil, fmt.Errorf("role %q with setup %v cannot be played", c.Role, c.Setup)
	}
	want, err := c.wants("delivered", "peer", "host", "output", "close")
	if err != nil {
		return nil, err
	}
	if err := proxyWants(want); err != nil {
		return nil, err
	}
	s := &script{module: reportModule, want: want}
	s.wrap = func(f protocol.Factory) protocol.Factory { return policy.NewProxyFactory(f, 0) }
	s.observe = observeReport
	return s, nil
}

// proxyWants puts a case's addresses, which are written host|port, into the usual form. A protocol that was never
// made saw no addresses; the cases then give those of the connection.
func proxyWants(want observed) error {
	for _, what := range []string{"peer", "host"} {
		text, ok := want[what]
		if !ok {
			continue
		}
		host, port, _ := strings.Cut(text, "|")
		addr, err := netip.ParseAddr(host)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		var n uint16
		if err := json.Unmarshal([]byte(port), &n); err != nil {
			return fmt.Errorf("%s: port %q", what, port)
		}
		want[what] = netip.AddrPortFrom(addr, n).String()
	}
	return nil
}

// observeReport reads the lines of package report. real are the connection's own two addresses, which stand for those
// that the cases assume.
func observeReport(printed string, output []byte, closed bool, real [2]string) observed {
	seen := observed{"delivered": "", "peer": casePeer.String(), "host": caseHost.String(),
		"output": fmt.Sprintf("%x", output), "close": fmt.Sprint(closed)}
	for line := range strings.Lines(printed) {
		what, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case what == "bytes":
			seen["delivered"] += value
		case value == real[0] || value == real[1]:
		case what == "peer" || what == "host":
			seen[what] = value
		}
	}
	return seen
}
