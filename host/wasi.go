package host

import (
	"encoding/binary"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/abi"
)

// WASI's numbers of clocks and of what poll_oneoff waits for.
const (
	wasiRealtime  = 0
	wasiMonotonic = 1

	wasiEventClock = 0

	wasiAbsoluteTime = 1 // flag of a clock's subscription
)

// wasiFunc makes a function of wasi_snapshot_preview1. Parameters are i for 32 bits, l for 64.
func wasiFunc(name string, cost int64, params string, call importFunc) *hostFunc {
	f := &hostFunc{name: name, cost: cost, call: call, results: []api.ValueType{api.ValueTypeI32}}
	for _, p := range params {
		t := api.ValueTypeI32
		if p == 'l' {
			t = api.ValueTypeI64
		}
		f.params = append(f.params, t)
	}
	return f
}

// wasiImports are all functions of wasi_snapshot_preview1: those a language's runtime needs do what they say, as far as
// there is anything to do it on, and the others answer that there is no such descriptor, or no such function.
var wasiImports = func() map[string]*hostFunc {
	all := map[string]*hostFunc{}
	add := func(name string, cost int64, params string, call importFunc) {
		all[name] = wasiFunc(name, cost, params, call)
		all[name].anyway = true
	}
	answer := func(e errno) importFunc { return func(_ *instance, s []uint64) { s[0] = uint64(e) } }
	add("args_get", costIO, "ii", func(i *instance, s []uint64) { i.putStrings(s, i.svc.args) })
	add("args_sizes_get", costCheap, "ii", func(i *instance, s []uint64) { i.putSizes(s, i.svc.args) })
	add("environ_get", costIO, "ii", func(i *instance, s []uint64) { i.putStrings(s, i.svc.environ) })
	add("environ_sizes_get", costCheap, "ii", func(i *instance, s []uint64) { i.putSizes(s, i.svc.environ) })
	add("clock_res_get", costCheap, "ii", wasiClockRes)
	add("clock_time_get", costCheap, "ili", wasiClockTime)
	add("random_get", costIO, "ii", func(i *instance, s []uint64) {
		random(i, s)
		s[0] = uint64(wasiOK)
	})
	add("poll_oneoff", costCheap, "iiii", wasiPoll)
	add("sched_yield", costCheap, "", answer(wasiOK))
	add("proc_exit", costCheap, "i", func(_ *instance, s []uint64) { panic(&ExitError{Status: int(uint32(s[0]))}) })
	all["proc_exit"].results = nil
	add("proc_raise", costCheap, "i", answer(wasiNoSys))
	addFileImports(all)
	for name, params := range map[string]string{
		"fd_advise": "illi", "fd_allocate": "ill", "fd_fdstat_set_rights": "ill", "fd_filestat_set_times": "illi",
		"fd_renumber": "ii", "path_filestat_set_times": "iiiilli", "path_link": "iiiiiii", "path_symlink": "iiiii",
		"sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
	} {
		add(name, costCheap, params, answer(wasiBadF))
	}
	return all
}()

// putSizes writes the number of strings and the bytes they take, each with its final zero.
func (i *instance) putSizes(s []uint64, list []string) {
	count, size := i.view(s[0], 4), i.view(s[1], 4)
	n := 0
	for _, text := range list {
		n += len(text) + 1
	}
	binary.LittleEndian.PutUint32(count, uint32(len(list)))
	binary.LittleEndian.PutUint32(size, uint32(n))
	s[0] = uint64(wasiOK)
}

// putStrings writes pointers to the strings, and the strings.
func (i *instance) putStrings(s []uint64, list []string) {
	pointers, at := i.view(s[0], uint64(4*len(list))), uint32(s[1])
	for n, text := range list {
		b := i.view(uint64(at), uint64(len(text)+1))
		b[copy(b, text)] = 0
		binary.LittleEndian.PutUint32(pointers[4*n:], at)
		at += uint32(len(b))
	}
	s[0] = uint64(wasiOK)
}

func wasiClockRes(i *instance, s []uint64) {
	if uint32(s[0]) > wasiMonotonic {
		s[0] = uint64(wasiInval)
		return
	}
	binary.LittleEndian.PutUint64(i.view(s[1], 8), 1)
	s[0] = uint64(wasiOK)
}

func wasiClockTime(i *instance, s []uint64) {
	var now int64
	switch uint32(s[0]) {
	case wasiRealtime:
		now = i.time().wall()
	case wasiMonotonic:
		now = i.time().monotonic()
	default:
		s[0] = uint64(wasiInval)
		return
	}
	binary.LittleEndian.PutUint64(i.view(s[2], 8), uint64(now))
	s[0] = uint64(wasiOK)
}

// maxVectors is how many pieces one call may name, and maxMoved how many bytes of them it takes. Callers go on with the
// rest; in between, a guest that moves much leaves its loop like any other slow one.
const (
	maxVectors = 1024
	maxMoved   = 64 * kib
)

// wasiPoll reports every clock as expired and every descriptor as ready or bad, at once: a guest that sleeps would hold
// its loop. One that has nothing to do but wait says so with [abi.WaitDescriptor], is told that it is ready, and comes to
// the end of the event; the host then knows when to call it again.
func wasiPoll(i *instance, s []uint64) {
	n := uint32(s[2])
	if n == 0 || n > maxVectors {
		s[0] = uint64(wasiInval)
		return
	}
	in, out := i.view(s[0], uint64(n*subscriptionSize)), i.view(s[1], uint64(n*eventSize))
	count := i.view(s[3], 4)
	i.charge(int64(n) * costCheap)
	s[0] = uint64(wasiOK)
	waits, delay := waiting(in, i.time())
	if waits && delay != 0 {
		i.wakeIn(delay)
	}
	written := uint32(0)
	for k := range n {
		sub := in[k*subscriptionSize:]
		kind, fd := sub[8], binary.LittleEndian.Uint32(sub[16:])
		result := wasiOK
		switch {
		case !waits && kind == wasiEventClock || kind != wasiEventClock && fd <= 2:
		case kind == wasiEventClock:
			if delay != 0 {
				continue
			}
		case fd != abi.WaitDescriptor:
			result = wasiBadF
		case delay == 0:
			continue
		}
		event := out[written*eventSize : (written+1)*eventSize]
		userdata := binary.LittleEndian.Uint64(sub)
		clear(event)
		binary.LittleEndian.PutUint64(event, userdata)
		binary.LittleEndian.PutUint16(event[8:], uint16(result))
		event[10] = kind
		written++
	}
	binary.LittleEndian.PutUint32(count, written)
}

// Sizes of what poll_oneoff reads and writes.
const subscriptionSize, eventSize = 48, 32

// waiting looks whether [abi.WaitDescriptor] is among the subscriptions, and for the shortest time of a clock among them;
// below 0 if there is none.
func waiting(in []byte, t *guestTime) (waits bool, delay int64) {
	delay = -1
	for ; len(in) > 0; in = in[subscriptionSize:] {
		if in[8] != wasiEventClock {
			waits = waits || binary.LittleEndian.Uint32(in[16:]) == abi.WaitDescriptor
			continue
		}
		clock, flags := binary.LittleEndian.Uint32(in[16:]), binary.LittleEndian.Uint16(in[40:])
		d := binary.LittleEndian.Uint64(in[24:])
		if flags&wasiAbsoluteTime != 0 {
			now := uint64(t.monotonic())
			if clock == wasiRealtime {
				now = uint64(t.wall())
			}
			d = max(d, now) - now
		}
		if n := int64(min(d, math.MaxInt64)); delay < 0 || n < delay {
			delay = n
		}
	}
	return waits, delay
}
