package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/policy"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// throttleNames are what can be throttled beyond the limits of one connection, which are the host's.
var throttleNames = []string{"total-in", "total-out", "peer-in", "peer-out"}

// maxRate is the highest rate of a bucket.
const maxRate = 1e12

// throttle is the flag of this name: rates in bytes a second, by throttleNames.
type throttle map[string]int

// Set implements pflag.Value.
func (t throttle) Set(text string) error {
	name, value, _ := strings.Cut(text, "=")
	if !slices.Contains(throttleNames, name) {
		return fmt.Errorf("%q: it is one of %s", name, strings.Join(throttleNames, ", "))
	}
	var l host.Limits // reads a rate as --limit does
	if err := l.Set("rate-in=" + value); err != nil || l.RateIn <= 0 || l.RateIn > maxRate {
		return fmt.Errorf("%q: want bytes a second, such as %s=1MiB, at most 1 TB", text, name)
	}
	t[name] = int(l.RateIn)
	return nil
}

// Type implements pflag.Value.
func (t throttle) Type() string { return "name=rate" }

// String implements pflag.Value.
func (t throttle) String() string {
	var all []string
	for _, name := range throttleNames {
		if rate, ok := t[name]; ok {
			all = append(all, fmt.Sprintf("%s=%d", name, rate))
		}
	}
	return strings.Join(all, ",")
}

// wrap returns what keeps a service's connections to the rates, all of them together; nil if there are none.
func (t throttle) wrap() func(protocol.Factory) protocol.Factory {
	if len(t) == 0 {
		return nil
	}
	kept := policy.Throttle{Read: t.buckets("in"), Write: t.buckets("out")}
	return func(f protocol.Factory) protocol.Factory { return policy.NewThrottlingFactory(f, kept) }
}

// buckets are those of one direction: of each peer, below that of all; nil if it is not throttled.
func (t throttle) buckets(direction string) policy.Buckets {
	var all *policy.Bucket
	if rate := t["total-"+direction]; rate > 0 {
		all = policy.NewBucket(rate, 0, nil)
	}
	if rate := t["peer-"+direction]; rate > 0 {
		return policy.PerHost(rate, 0, all)
	}
	if all == nil {
		return nil
	}
	return policy.Shared(all)
}
