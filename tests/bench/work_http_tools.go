//go:build linux

package main

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"
)

// driven has a tool put load on a server, and adds the server's processor time to what read makes of the tool's output:
// the figures, and how many units of work they are about.
func driven(p *process, limit time.Duration, read func(out []byte) (figures, float64, error), program string, args ...string) (figures, error) {
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	out, err := tool(limit, program, args...)
	if err != nil {
		return nil, err
	}
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	f, units, err := read(out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, out)
	}
	f[cpuPerUnit] = float64(after-before) / units
	f[systemShare], err = p.systemShare()
	return f, err
}

// wrk measures requests on connections that stay, for as many whole seconds as wrk knows.
func wrk(o options, conns int) func(*process) (figures, error) {
	seconds := int(math.Ceil(o.window.Seconds()))
	return func(p *process) (figures, error) {
		return driven(p, o.window+patience, readWrk, "wrk", "-t1", fmt.Sprintf("-c%d", conns), fmt.Sprintf("-d%ds", seconds),
			"--latency", "http://"+p.addrs[0]+"/")
	}
}

var (
	wrkRequests = regexp.MustCompile(`(?m)^\s*(\d+) requests in `)
	wrkRate     = regexp.MustCompile(`(?m)^Requests/sec:\s+([0-9.]+)$`)
	wrkLatency  = regexp.MustCompile(`(?m)^\s+(50|90|99)%\s+([0-9.]+)(us|ms|s)$`)
	wrkWrong    = regexp.MustCompile(`(?m)^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$`)
)

// readWrk reads what wrk prints. An error that it has counted is one.
func readWrk(out []byte) (figures, float64, error) {
	if m := wrkWrong.FindSubmatch(out); m != nil {
		return nil, 0, fmt.Errorf("%s", m[1])
	}
	f := figures{}
	units, err := number(wrkRequests, out)
	if err == nil {
		f[perSecond], err = number(wrkRate, out)
	}
	for _, m := range wrkLatency.FindAllSubmatch(out, -1) {
		d, wrong := time.ParseDuration(string(m[2]) + string(m[3]))
		if wrong != nil {
			return nil, 0, wrong
		}
		f[map[string]string{"50": p50, "90": p90, "99": p99}[string(m[1])]] = float64(d)
	}
	if err == nil && len(f) != 4 {
		err = fmt.Errorf("no latencies")
	}
	return f, units, err
}

// h2load measures requests of which each connection has several under way. It speaks HTTP/1.1, as all subjects do.
func h2load(o options, conns, pipeline int) func(*process) (figures, error) {
	requests := max(1000, int(o.window.Seconds()*20_000))
	return func(p *process) (figures, error) {
		return driven(p, o.window+patience, readH2load, "h2load", "--h1", "-t1", fmt.Sprintf("-c%d", conns), fmt.Sprintf("-m%d", pipeline),
			fmt.Sprintf("-n%d", requests), "http://"+p.addrs[0]+"/")
	}
}

var (
	h2loadRate     = regexp.MustCompile(`(?m)^finished in \S+, ([0-9.]+) req/s`)
	h2loadStarted  = regexp.MustCompile(`(?m)^requests: (\d+) total, `)
	h2loadAnswered = regexp.MustCompile(`(?m)^status codes: (\d+) 2xx, `)
)

// readH2load reads what h2load prints. A request that was not answered as it should be is an error.
func readH2load(out []byte) (figures, float64, error) {
	total, err := number(h2loadStarted, out)
	if err != nil {
		return nil, 0, err
	}
	answered, err := number(h2loadAnswered, out)
	if err == nil && answered != total {
		err = fmt.Errorf("%.0f of %.0f requests were answered", answered, total)
	}
	if err != nil {
		return nil, 0, err
	}
	rate, err := number(h2loadRate, out)
	return figures{perSecond: rate}, total, err
}

// number is the number in the first group of what r matches, which is above zero.
func number(r *regexp.Regexp, text []byte) (float64, error) {
	m := r.FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("nothing matches %s", r)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err == nil && n <= 0 {
		err = fmt.Errorf("%q is too little", m[0])
	}
	return n, err
}
