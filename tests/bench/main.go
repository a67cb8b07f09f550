//go:build linux

// Command bench compares wasmnet with what a user could write or install instead, in one run on one machine.
//
// Every server under test is a process of its own. The load comes from this process, over loopback; both share the
// machine's cores, so throughput is shared too and the CPU time per unit of work, taken of the server's process only,
// is the figure to trust. Subjects are measured in turn, round after round, and the table gives medians and their
// ratio to the peer named in the first line of its block.
//
//	go run ./tests/bench [-rounds N] [-time D] [-settle D] [-only REGEXP] [-out FOLDER]
//	go run ./tests/bench compare OLD NEW
//	go run ./tests/bench table RESULTS [FILE]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"time"
)

type options struct {
	rounds  int
	window  time.Duration
	settle  time.Duration
	most    int
	slow    bool
	only    *regexp.Regexp
	out     string
	wasmnet string
	guests  string
	dir     string // of this run, with all its files
	site    site
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == "serve" {
		if err := serve(os.Args[2], os.Args[3:]...); err != nil {
			fmt.Fprintln(os.Stderr, "bench: serve:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "compare" {
		if err := compare(os.Stdout, os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: compare:", err)
			os.Exit(1)
		}
		return
	}
	if n := len(os.Args); (n == 3 || n == 4) && os.Args[1] == "table" {
		if err := insertTable(os.Args[2], append(os.Args, "README.md")[3]); err != nil {
			fmt.Fprintln(os.Stderr, "bench: table:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	var only string
	flag.IntVar(&o.rounds, "rounds", 3, "rounds; medians are taken over them")
	flag.DurationVar(&o.window, "time", 800*time.Millisecond, "length of one measurement")
	flag.DurationVar(&o.settle, "settle", 3*time.Second, "how long connections are idle before their memory is read")
	flag.IntVar(&o.most, "most", 100000, "leave out workloads of more connections")
	flag.BoolVar(&o.slow, "slow", true, "measure what takes long to compile, too")
	flag.StringVar(&only, "only", ".", "run the workloads whose name matches")
	flag.StringVar(&o.out, "out", "", "write all figures to this folder: results.json, results.txt, table.md and report.html")
	flag.StringVar(&o.wasmnet, "wasmnet", "bin/wasmnet", "the wasmnet program")
	flag.StringVar(&o.guests, "guests", "bin/bench", "the folder with the guests and peers that `make bench` builds")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(only); err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(o options) error {
	dir, err := os.MkdirTemp("", "wasmnet-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	o.dir = dir
	cert, err := newCertificate(dir)
	if err != nil {
		return err
	}
	if o.site, err = newSite(dir); err != nil {
		return err
	}
	rep := report{Machine: machine(), Started: time.Now().UTC(), Rounds: o.rounds, Window: o.window, Settle: o.settle}
	fmt.Printf("%s\n%s\n", rep.Machine, rep.conditions())
	began := time.Now()
	var failures []error
	for _, w := range workloads(o, cert) {
		if !o.only.MatchString(w.name) || w.x > float64(o.most) || w.slow && !o.slow {
			continue
		}
		b, err := measure(o, w)
		if err != nil {
			failures = append(failures, fmt.Errorf("%s: %w", w.name, err))
		}
		b.print(os.Stdout)
		rep.Blocks = append(rep.Blocks, b)
	}
	rep.Targets = rep.outcomes()
	err = errors.Join(append(failures, printOutcomes(os.Stdout, rep.Targets), rep.save(o.out))...)
	fmt.Printf("\nin all %v, %d workloads, %d of which failed\n", time.Since(began).Round(time.Second), len(rep.Blocks), len(failures))
	return err
}

// folder makes a folder of the run's.
func (o *options) folder(name string) (string, error) { return os.MkdirTemp(o.dir, name) }

func machine() string {
	return fmt.Sprintf("%s %s/%s, %d cores, %s", kernel(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
