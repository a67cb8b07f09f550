//go:build linux

package main

import (
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// dnsHosts is how many names the zone of the benchmark has.
const dnsHosts = 1000

// dnsZone is a zone as a file.
func dnsZone() string {
	var b strings.Builder
	b.WriteString("$ORIGIN bench.test.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 300\n@ NS ns\n@ MX 10 h1\nns A 192.0.2.1\n")
	for i := range dnsHosts {
		fmt.Fprintf(&b, "h%d A 192.0.2.%d\na%d CNAME h%d\n", i, i%256, i, i)
	}
	return b.String()
}

// dnsQueries are questions as dnsperf reads them: most about addresses, some through an alias, some about nothing.
func dnsQueries() string {
	var b strings.Builder
	for i := range dnsHosts {
		fmt.Fprintf(&b, "h%d.bench.test A\nh%d.bench.test A\na%d.bench.test A\nno%d.bench.test A\n", i, dnsHosts-1-i, i, i)
	}
	return b.String()
}

// dnsWorkloads have dnsperf ask a Debian name server and ours, with one process of one thread each.
func dnsWorkloads(o options, ps *peers) []workload {
	debian := subject{name: "NSD", command: nsd, forks: true, foreign: true}
	ours := func(network string) subject {
		return ps.sandbox("sandbox Go", "dns", network+":0", "--set", "zone="+dnsZone())
	}
	return []workload{
		{name: "DNS over UDP, dnsperf", subjects: []subject{debian, ours("udp")}, run: dnsperf(o, "udp")},
		{name: "DNS over TCP, dnsperf", subjects: []subject{debian, ours("tcp")}, run: dnsperf(o, "tcp")},
	}
}

// nsd answers in one child, without its rate limit.
func nsd(dir, listen, _ string) ([]string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "bench.zone"), []byte(dnsZone()), 0o600); err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nsd.conf")
	return []string{"nsd", "-d", "-c", file}, os.WriteFile(file, fmt.Appendf(nil, `
server:
	ip-address: %s@%s
	username: ""
	chroot: ""
	zonesdir: %q
	pidfile: "nsd.pid"
	xfrdfile: "xfrd"
	zonelistfile: "zones"
	database: ""
	server-count: 1
	minimal-responses: yes
	rrl-ratelimit: 0
remote-control:
	control-enable: no
zone:
	name: bench.test
	zonefile: bench.zone
`, host, port, dir), 0o600)
}

var (
	dnsCompleted = regexp.MustCompile(`Queries completed: +(\d+)`)
	dnsLost      = regexp.MustCompile(`Queries lost: +(\d+)`)
	dnsRan       = regexp.MustCompile(`Run time \(s\): +([0-9.]+)`)
	dnsCodes     = regexp.MustCompile(`Response codes: +(.*)`)
)

// dnsperf measures what dnsperf counts. More than one query in a thousand that is lost, or an answer that is neither an
// address nor that there is none, is an error.
func dnsperf(o options, mode string) func(*process) (figures, error) {
	return func(p *process) (figures, error) {
		host, port, err := net.SplitHostPort(p.addrs[0])
		if err != nil {
			return nil, err
		}
		file := filepath.Join(os.TempDir(), fmt.Sprintf("wasmnet-bench-%d.queries", os.Getpid()))
		if err := os.WriteFile(file, []byte(dnsQueries()), 0o600); err != nil {
			return nil, err
		}
		defer os.Remove(file)
		before, err := p.cpu()
		if err != nil {
			return nil, err
		}
		seconds := strconv.Itoa(int(math.Ceil(o.window.Seconds())))
		text, err := tool(o.window+patience, "dnsperf", "-s", host, "-p", port, "-m", mode, "-d", file, "-l", seconds, "-c", "16", "-q", "100")
		if err != nil {
			return nil, err
		}
		after, err := p.cpu()
		if err != nil {
			return nil, err
		}
		number := func(r *regexp.Regexp) float64 {
			if m := r.FindSubmatch(text); m != nil {
				n, _ := strconv.ParseFloat(string(m[1]), 64)
				return n
			}
			return 0
		}
		completed, ran := number(dnsCompleted), number(dnsRan)
		codes := dnsCodes.FindSubmatch(text)
		if completed == 0 || ran == 0 || codes == nil || number(dnsLost) > completed/1000 || strings.Count(string(codes[1]), "%") != 2 ||
			!strings.Contains(string(codes[1]), "NOERROR") || !strings.Contains(string(codes[1]), "NXDOMAIN") {
			return nil, fmt.Errorf("dnsperf: %s", text)
		}
		share, err := p.systemShare()
		return figures{
			cpuPerUnit: float64(after-before) / completed, perSecond: completed / ran, systemShare: share,
		}, err
	}
}
