package host

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// Numbers of WASI preview 1 (errno, clock and event types).
const (
	wasiOK                      = 0
	wasiBadF                    = 8
	wasiInval                   = 28
	wasiIO                      = 29
	wasiNoSys                   = 52
	wasiRealtime, wasiMonotonic = 0, 1

	wasiCharacterDevice = 2
	wasiEventClock      = 0
)

// wasiImports are all functions of wasi_snapshot_preview1: those a language's runtime needs do what they say, as far as
// there is anything to do it on, and the others answer that there is no such descriptor, or no such function.
var wasiImports = func() map[string]*hostFunc {
	all := map[string]*hostFunc{}
	add := func(name string, cost int64, params string, call importFunc) {
		f := &hostFunc{name: name, cost: cost, anyway: true, call: call, results: []api.ValueType{api.ValueTypeI32}}
		for _, p := range params {
			t := api.ValueTypeI32
			if p == 'l' {
				t = api.ValueTypeI64
			}
			f.params = append(f.params, t)
		}
		all[name] = f
	}
	add("args_get", costIO, "ii", func(i *instance, s []uint64) { i.putStrings(s, i.svc.args) })
	add("args_sizes_get", costCheap, "ii", func(i *instance, s []uint64) { i.putSizes(s, i.svc.args) })
	add("environ_get", costIO, "ii", func(i *instance, s []uint64) { i.putStrings(s, i.svc.environ) })
	add("environ_sizes_get", costCheap, "ii", func(i *instance, s []uint64) { i.putSizes(s, i.svc.environ) })
	add("clock_res_get", costCheap, "ii", wasiClockRes)
	add("clock_time_get", costCheap, "ili", wasiClockTime)
	add("random_get", costIO, "ii", func(i *instance, s []uint64) {
		random(i, s)
		s[0] = wasiOK
	})
	add("fd_write", costIO, "iiii", wasiWrite)
	add("fd_read", costCheap, "iiii", wasiRead)
	add("fd_close", costCheap, "i", onStandard(nil))
	add("fd_fdstat_get", costCheap, "ii", onStandard(wasiStat))
	add("fd_fdstat_set_flags", costCheap, "ii", onStandard(nil))
	add("poll_oneoff", costIO, "iiii", wasiPoll)
	add("sched_yield", costCheap, "", func(_ *instance, s []uint64) { s[0] = wasiOK })
	add("proc_exit", costCheap, "i", func(_ *instance, s []uint64) { panic(&ExitError{Status: int(uint32(s[0]))}) })
	all["proc_exit"].results = nil
	all["fd_write"].anyway = false

	for name, params := range map[string]string{
		"fd_advise": "illi", "fd_allocate": "ill", "fd_datasync": "i", "fd_fdstat_set_rights": "ill",
		"fd_filestat_get": "ii", "fd_filestat_set_size": "il", "fd_filestat_set_times": "illi", "fd_pread": "iiili",
		"fd_prestat_get": "ii", "fd_prestat_dir_name": "iii", "fd_pwrite": "iiili", "fd_readdir": "iiili",
		"fd_renumber": "ii", "fd_seek": "ilii", "fd_sync": "i", "fd_tell": "ii",
		"path_create_directory": "iii", "path_filestat_get": "iiiii", "path_filestat_set_times": "iiiilli",
		"path_link": "iiiiiii", "path_open": "iiiiillii", "path_readlink": "iiiiii", "path_remove_directory": "iii",
		"path_rename": "iiiiii", "path_symlink": "iiiii", "path_unlink_file": "iii",
		"sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
	} {
		add(name, costCheap, params, func(_ *instance, s []uint64) { s[0] = wasiBadF })
	}
	add("proc_raise", costCheap, "i", func(_ *instance, s []uint64) { s[0] = wasiNoSys })
	return all
}()

// onStandard makes a function of a descriptor that knows 0 to 2 only. f may be nil.
func onStandard(f importFunc) importFunc {
	return func(i *instance, s []uint64) {
		if uint32(s[0]) > 2 {
			s[0] = wasiBadF
			return
		}
		if f != nil {
			f(i, s)
		}
		s[0] = wasiOK
	}
}

// putSizes writes the number of strings and the bytes they take, each with its final zero.
func (i *instance) putSizes(s []uint64, list []string) {
	count, size := i.view(s[0], 4), i.view(s[1], 4)
	n := 0
	for _, text := range list {
		n += len(text) + 1
	}
	binary.LittleEndian.PutUint32(count, uint32(len(list)))
	binary.LittleEndian.PutUint32(size, uint32(n))
	s[0] = wasiOK
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
	s[0] = wasiOK
}

func wasiClockRes(i *instance, s []uint64) {
	if uint32(s[0]) > wasiMonotonic {
		s[0] = wasiInval
		return
	}
	binary.LittleEndian.PutUint64(i.view(s[1], 8), 1)
	s[0] = wasiOK
}

func wasiClockTime(i *instance, s []uint64) {
	var now int64
	switch uint32(s[0]) {
	case wasiRealtime:
		now = time.Now().UnixNano()
	case wasiMonotonic:
		now = monotonic()
	default:
		s[0] = wasiInval
		return
	}
	binary.LittleEndian.PutUint64(i.view(s[2], 8), uint64(now))
	s[0] = wasiOK
}

func wasiStat(i *instance, s []uint64) {
	b := i.view(s[1], 24)
	clear(b)
	b[0] = wasiCharacterDevice
}

// maxVectors is how many pieces one fd_write may have, and maxPrint how many bytes of them it takes. Callers go on with
// the rest; in between, a guest that prints much leaves its loop like any other slow one.
const (
	maxVectors = 1024
	maxPrint   = 64 * kib
)

var newline = []byte{'\n'}

func wasiWrite(i *instance, s []uint64) {
	fd, count := uint32(s[0]), uint32(s[2])
	switch {
	case fd != 1 && fd != 2:
		s[0] = wasiBadF
		return
	case count > maxVectors:
		s[0] = wasiInval
		return
	}
	vectors, written := i.view(s[1], uint64(8*count)), i.view(s[3], 4)
	total := uint32(0)
	for ; len(vectors) > 0 && total < maxPrint; vectors = vectors[8:] {
		p := i.view(uint64(binary.LittleEndian.Uint32(vectors)), uint64(binary.LittleEndian.Uint32(vectors[4:])))
		p = p[:min(len(p), int(maxPrint-total))]
		i.chargeBytes(uint64(len(p)))
		i.charge(int64(bytes.Count(p, newline)) * costCheap)
		if err := i.svc.output[fd-1].write(i, p); err != nil {
			s[0] = wasiIO
			return
		}
		total += uint32(len(p))
	}
	binary.LittleEndian.PutUint32(written, total)
	s[0] = wasiOK
}

func wasiRead(i *instance, s []uint64) {
	if uint32(s[0]) != 0 {
		s[0] = wasiBadF
		return
	}
	binary.LittleEndian.PutUint32(i.view(s[3], 4), 0)
	s[0] = wasiOK
}

// wasiPoll reports every clock as expired and every descriptor as ready or bad, at once: a guest that sleeps would
// hold its loop.
func wasiPoll(i *instance, s []uint64) {
	const subscriptionSize, eventSize = 48, 32
	n := uint32(s[2])
	if n == 0 || n > maxVectors {
		s[0] = wasiInval
		return
	}
	in, out := i.view(s[0], uint64(n*subscriptionSize)), i.view(s[1], uint64(n*eventSize))
	count := i.view(s[3], 4)
	for k := range n {
		sub := in[k*subscriptionSize:]
		kind, fd := sub[8], binary.LittleEndian.Uint32(sub[16:])
		userdata := binary.LittleEndian.Uint64(sub)
		errno := uint16(wasiOK)
		if kind != wasiEventClock && fd > 2 {
			errno = wasiBadF
		}
		event := out[k*eventSize : (k+1)*eventSize]
		clear(event)
		binary.LittleEndian.PutUint64(event, userdata)
		binary.LittleEndian.PutUint16(event[8:], errno)
		event[10] = kind
	}
	binary.LittleEndian.PutUint32(count, n)
	i.charge(int64(n) * costCheap)
	s[0] = wasiOK
}
