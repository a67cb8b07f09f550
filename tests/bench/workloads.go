//go:build linux

package main

import (
	"fmt"
	"time"
)

// A workload is one kind of work and the subjects that do it. The first subject is the peer that the others' ratios
// refer to. Either run measures each subject's process, or subjects measure themselves, or together measures all of them
// in one go.
type workload struct {
	name     string
	series   string  // what it is one of several sizes of; empty: nothing
	x        float64 // its size
	axis     string  // what x counts
	rounds   int     // at most; 0: as many as there are
	slow     bool    // it compiles for long, and has no answers that could be wrong
	subjects []subject
	run      func(p *process) (figures, error)
	together func() (map[string]figures, error) // by subject's name
}

// figures are what one measurement gives: numbers by column name, in base units.
type figures map[string]float64

// The columns of the tables, in their order.
const (
	perUnit       = "time/unit"    // ns
	cpuPerUnit    = "cpu/unit"     // ns of processor time of the server's process
	systemShare   = "sys"          // share of it spent in the kernel
	perSecond     = "units/s"      // done by the load generator
	p50           = "p50"          // ns
	p90           = "p90"          // ns
	p99           = "p99"          // ns
	p999          = "p99.9"        // ns
	p9999         = "p99.99"       // ns
	callsPerUnit  = "calls/unit"   // system calls of the server's process
	allocsPerUnit = "allocs/unit"  // objects on the heap of the server's process
	bytesPerUnit  = "bytes/unit"   // of them
	perConn       = "bytes/conn"   // resident memory above the idle server's
	alone         = "p99 alone"    // ns, the neighbour undisturbed
	beside        = "p99 beside"   // ns, the neighbour beside a spinning guest
	disturbance   = "beside/alone" // of the two
	untilReady    = "until ready"  // ns from the start of the process to the line that says where it listens
	cpuOfStart    = "cpu"          // ns of processor time until then
	unpacking     = "unpack"       // ns of it: a built-in module is decompressed
	rewriting     = "rewrite"      // ns of it: decoded and instrumented, or what an earlier run made of it is read
	compiling     = "compile"      // ns of it: machine code is made, or read
	starting      = "start"        // ns of it: the guest starts, and its image is taken
	cold          = "cold"         // ns to load a module
	coldCPU       = "cold, cpu"    // ns of processor time of it
	warm          = "warm"         // ns to load a module that the cache knows
	firstConn     = "first conn"   // ns, a service's first connection: made, one echo
	nextConn      = "next conn"    // ns, the one after it
	residentAll   = "resident"     // bytes of resident memory
)

var columnOrder = append([]string{
	perUnit, cpuPerUnit, systemShare, perSecond, p50, p90, p99, p999, p9999, callsPerUnit, allocsPerUnit, bytesPerUnit, perConn, alone, beside, disturbance,
	untilReady, cpuOfStart, unpacking, rewriting, compiling, starting, cold, coldCPU, warm, residentAll, firstConn, nextConn,
}, kindsOfWork...)

// quantiles are the latencies that are kept of a sample. The table on the terminal shows two of them.
var quantiles = map[string]float64{p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999, p9999: 0.9999}

// workloads lists all there is to measure.
func workloads(o options, cert certificate) []workload {
	ps := newPeers(o, cert)
	var all []workload
	for _, group := range [][]workload{
		streamWorkloads(o, ps), pipelineWorkloads(o, ps), sandboxWorkloads(o, ps), lineWorkloads(o, ps), tlsWorkloads(o, ps), datagramWorkloads(o, ps),
		httpWorkloads(o, ps), dnsWorkloads(o, ps), coreWorkloads(o, ps), proxyWorkloads(o, ps), redisWorkloads(o, ps),
		callWorkloads(o, ps), idleWorkloads(o, ps), allocationWorkloads(o, ps), compileWorkloads(o, ps), serviceWorkloads(o, ps), imageWorkloads(o, ps),
	} {
		all = append(all, group...)
	}
	return all
}

// measureLoad drives p with n clients; see drive.
func measureLoad(p *process, n int, window, every time.Duration, open func(int) (func() error, func(), error)) (figures, error) {
	var marks []time.Duration
	var times []time.Time
	l, err := drive(n, window, every, open, func() error {
		cpu, err := p.cpu()
		marks, times = append(marks, cpu), append(times, time.Now())
		return err
	})
	if err != nil {
		return nil, err
	}
	if l.units == 0 {
		return nil, fmt.Errorf("no unit of work was done in %v", window)
	}
	share, err := p.systemShare()
	f := figures{
		cpuPerUnit:  float64(marks[1]-marks[0]) / float64(l.units),
		systemShare: share,
		perSecond:   float64(l.units) / times[1].Sub(times[0]).Seconds(),
	}
	for column, q := range quantiles {
		f[column] = float64(l.percentile(q))
	}
	return f, err
}
