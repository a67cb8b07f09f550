package reactortest

import (
	"bytes"
	"fmt"
	"net/netip"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// request is a protocol.Request.
type request struct {
	r         *Reactor
	done      func(error)
	cancelled bool
}

// Cancel implements protocol.Request.
func (q *request) Cancel() {
	q.cancelled = true
	q.r.soon(func() { q.finish(protocol.ErrConnectingCancelled) })
}

func (q *request) finish(err error) {
	if q.cancelled {
		err = protocol.ErrConnectingCancelled // also if the outcome was on its way
	}
	if done := q.done; done != nil {
		q.done = nil
		done(err)
	}
}

// Resolve implements protocol.Reactor, out of Hosts. The answer comes in the next turn.
func (r *Reactor) Resolve(host string, done func(addresses []string, err error)) protocol.Request {
	var addresses []string
	q := &request{r: r, done: func(err error) {
		if err != nil {
			addresses = nil
		}
		done(addresses, err)
	}}
	r.soon(func() {
		found, err := r.lookup(host)
		addresses = append(addresses, found...)
		q.finish(err)
	})
	return q
}

func (r *Reactor) lookup(host string) ([]string, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []string{ip.String()}, nil
	}
	if found := r.Hosts[host]; len(found) > 0 {
		return found, nil
	}
	return nil, protocol.ErrDNSLookup.Because(fmt.Errorf("%q is not in Hosts", host))
}

// resolveOne returns host's first address.
func (r *Reactor) resolveOne(host string) (netip.Addr, error) {
	found, err := r.lookup(host)
	if err != nil {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(found[0])
	if err != nil {
		return netip.Addr{}, protocol.ErrDNSLookup.Because(err)
	}
	return ip, nil
}

// DeferToThread implements protocol.Reactor. The task runs in the next turn, on the test's goroutine, or by RunTask if
// HoldTasks is set; its result arrives a turn later.
func (r *Reactor) DeferToThread(name string, input []byte, done func(result []byte, err error)) protocol.Request {
	var result []byte
	q := &request{r: r, done: func(err error) {
		if err != nil {
			result = nil
		}
		done(result, err)
	}}
	input = bytes.Clone(input)
	r.tasks = append(r.tasks, func() {
		if q.done == nil {
			return
		}
		err := fmt.Errorf("no task %q is registered", name)
		if task := protocol.LookupTask(name); task != nil {
			result, err = task(input)
		}
		r.soon(func() { q.finish(err) })
	})
	return q
}

// RunInThread runs f as DeferToThread runs tasks: in the next turn, on the test's goroutine, or by RunTask if HoldTasks is
// set.
func (r *Reactor) RunInThread(f func()) { r.tasks = append(r.tasks, f) }

// RunTask runs the oldest task of DeferToThread that has not run. It reports whether there was one.
func (r *Reactor) RunTask() bool {
	if len(r.tasks) == 0 {
		return false
	}
	task := r.tasks[0]
	r.tasks = r.tasks[1:]
	task()
	return true
}
