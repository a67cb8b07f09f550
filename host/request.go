package host

import (
	"errors"
	"strings"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A request is something that ends with the event completed.
type request struct {
	inst    *instance // nil once its outcome is of no interest
	handle  int32
	account *conn
	over    bool   // it was cancelled, and its outcome is on the way
	stop    func() // ends the work, as far as it can be ended
}

// request gives the instance a new request; start sets to work and returns what ends the work.
func (i *instance) request(s []uint64, start func(*request) func()) {
	r := &request{inst: i, account: i.account}
	h, ok := i.add(r, true)
	if !ok {
		ret(s, abi.Limit)
		return
	}
	r.handle = h
	r.stop = start(r)
	ret(s, h)
}

// complete delivers the outcome.
func (r *request) complete(status int32, result []byte) (here bool) {
	i := r.inst
	switch {
	case i == nil || i.end != nil:
		return true
	case i.running:
		i.postpone(func() bool { return r.complete(status, result) })
		return true
	}
	r.inst = nil
	i.remove(r.handle, true)
	n, ok := i.put(result)
	if !ok {
		status, n = int32(abi.TooBig), 0
	}
	if c := r.account; c != nil && c.inst == i {
		i.account = c
	}
	return i.call(abi.Completed, r.handle, status, n)
}

// discard implements [resource].
func (r *request) discard() {
	if r.inst != nil {
		r.inst = nil
		r.stop()
	}
}

func cancel(i *instance, s []uint64) {
	v, _ := i.handles.Get(int32(s[0]))
	r, ok := v.(*request)
	switch {
	case !ok:
		ret(s, abi.Handle)
		return
	case !r.over:
		// Another request takes its place, so that the outcome of what is under way finds nobody.
		cancelled := &request{inst: i, handle: r.handle, account: r.account, over: true, stop: func() {}}
		i.handles.Replace(r.handle, cancelled)
		r.discard()
		i.shard.loop.CallLater(0, func() { cancelled.complete(int32(abi.Cancelled), nil) })
	}
	ret(s, abi.OK)
}

// maxHostName is the longest name there can be.
const maxHostName = 253

func resolve(i *instance, s []uint64) {
	name, fits := i.text(s[0], s[1], maxHostName)
	switch {
	case i.shard == nil:
		ret(s, abi.Denied)
		return
	case !fits || name == "":
		ret(s, abi.Invalid)
		return
	case !i.svc.grants.mayResolve(name):
		i.svc.denied(i, "resolve", name, name)
		ret(s, abi.Denied)
		return
	}
	i.request(s, func(r *request) func() {
		return i.shard.loop.Resolve(name, func(addresses []string, err error) {
			switch {
			case err == nil:
				r.complete(0, []byte(strings.Join(addresses, "\n")))
			case errors.Is(err, protocol.ErrDNSLookup):
				r.complete(int32(abi.NotFound), nil)
			default:
				r.complete(int32(codeOf(err)), nil)
			}
		}).Cancel
	})
}

// threads is a loop that has a way of its own to run something beside it.
type threads interface {
	RunInThread(f func())
}

// maxTasks is how many tasks of a service may be waiting or running at a time.
const maxTasks = 1024

func deferToThread(i *instance, s []uint64) {
	input := i.view(s[0], s[1])
	svc := i.svc
	switch {
	case i.shard == nil:
		ret(s, abi.Denied)
		return
	case !i.exports(abi.RunTask):
		ret(s, abi.Invalid)
		return
	case len(input) > int(svc.snapshot.receive.len):
		ret(s, abi.TooBig)
		return
	case svc.tasks.Add(1) > maxTasks:
		svc.tasks.Add(-1)
		ret(s, abi.Limit)
		return
	}
	i.chargeBytes(s[1])
	i.shard.tally.Tasks++
	sh := i.shard
	t := &task{svc: svc, input: append([]byte(nil), input...), most: int(i.receive.len)}
	i.request(s, func(r *request) func() {
		run := func() {
			status, result := t.run()
			svc.tasks.Add(-1)
			sh.loop.CallFromThread(func() { r.complete(status, result) })
		}
		if l, ok := sh.loop.(*reactor.Loop); ok {
			reactor.DeferToThread(l, func() (struct{}, error) { run(); return struct{}{}, nil })
		} else if l, ok := sh.loop.(threads); ok {
			l.RunInThread(run)
		} else {
			go run()
		}
		return t.stop
	})
}
