package reactor

import (
	"context"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Resolve implements [protocol.Reactor].
func (l *Loop) Resolve(host string, done func(addresses []string, err error)) protocol.Request {
	q := &request{loop: l, cancelled: func() { done(nil, protocol.ErrConnectingCancelled) }}
	q.stop = l.lookup(host, func(ips []netip.Addr, err error) {
		if !q.complete() {
			return
		}
		var addresses []string
		for _, ip := range ips {
			addresses = append(addresses, ip.Unmap().String())
		}
		done(addresses, err)
	})
	return q
}

// lookup resolves host off the loop, and calls done on it in a later turn. After stop done may still be called.
func (l *Loop) lookup(host string, done func([]netip.Addr, error)) (stop context.CancelFunc) {
	if ip, err := netip.ParseAddr(host); err == nil {
		l.CallFromThread(func() { done([]netip.Addr{ip}, nil) })
		return func() {}
	}
	ctx, stop := context.WithCancel(l.reactor.ctx)
	l.reactor.names.run(func() {
		ips, err := guarded(func() ([]netip.Addr, error) { return l.reactor.cfg.Resolver.LookupNetIP(ctx, "ip", host) })
		switch {
		case err != nil:
			ips, err = nil, protocol.ErrDNSLookup.Because(err)
		case len(ips) == 0:
			err = protocol.ErrDNSLookup.Because(errNoAddresses)
		}
		l.CallFromThread(func() {
			stop()
			done(ips, err)
		})
	})
	return stop
}

// request implements [protocol.Request]. It is used on its loop.
type request struct {
	loop      *Loop
	stop      func() // ends the work as far as that can be done
	cancelled func() // delivers the outcome of a cancelled request
	over      bool
}

// complete reports whether the outcome is still wanted, once.
func (q *request) complete() bool {
	first := !q.over
	q.over = true
	return first
}

// Cancel implements [protocol.Request].
func (q *request) Cancel() {
	if q.complete() {
		q.stop()
		q.loop.CallFromThread(q.cancelled)
	}
}
