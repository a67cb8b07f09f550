//go:build linux

package main

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load is what a client side did in one window.
type load struct {
	units     int64           // units of work done
	latencies []time.Duration // a sample of them, sorted
}

// percentile gives the latency below which the share q of the sample lies.
func (l load) percentile(q float64) time.Duration {
	if len(l.latencies) == 0 {
		return 0
	}
	return l.latencies[min(len(l.latencies)-1, int(q*float64(len(l.latencies))))]
}

// patience is how long a unit of work may take. A server that loses a message is an error, and not the end of the run.
const patience = 10 * time.Second

// drive opens n clients and has each do one unit of work after the other until the window has passed, or, if every is
// set, one unit each time that long has gone by. What comes before is not counted: a tenth of the window to warm up, and
// longer if a client has not had its first answer. A window in which nothing was done goes on until something is.
//
// A unit that is not done when the wait has gone by after the window has its client closed from under it, which ends it
// with an error: closeIt may be called while a unit is under way, and more than once.
func drive(n int, window, every time.Duration, open func(i int) (unit func() error, closeIt func(), err error),
	begin func() error) (load, error) {
	return driveFor(n, window, every, patience, open, begin)
}

// driveFor is drive with a wait other than patience.
func driveFor(n int, window, every, wait time.Duration, open func(i int) (unit func() error, closeIt func(), err error),
	begin func() error) (load, error) {
	var (
		counting, stop, late atomic.Bool
		units                atomic.Int64
		greeted              atomic.Int64 // clients that have had an answer
		worked               atomic.Bool  // a unit was counted
		wg                   sync.WaitGroup
		mu                   sync.Mutex
		all                  load
		failures             []error
	)
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, err)
		stop.Store(true)
	}
	runs, closers := make([]func(), 0, n), make([]func(), 0, n)
	closeAll := func() {
		for _, closeIt := range closers {
			closeIt()
		}
	}
	defer closeAll()
	for i := range n {
		unit, closeIt, err := open(i)
		if err != nil {
			return all, fmt.Errorf("client %d: %w", i, err)
		}
		closers = append(closers, closeIt)
		runs = append(runs, func() {
			defer wg.Done()
			defer closeIt()
			var sample []time.Duration
			done, met := int64(0), false
			for due := time.Now(); !stop.Load(); {
				t := time.Now()
				if every > 0 {
					// The latency counts from when the unit was due: a server that stalls does not get away with
					// fewer of them.
					due = due.Add(every)
					time.Sleep(due.Sub(t))
					t = due
				}
				if err := unit(); err != nil {
					if late.Load() {
						err = fmt.Errorf("no answer within %v", wait)
					}
					fail(fmt.Errorf("client %d: %w", i, err))
					break
				}
				if !met {
					met = true
					greeted.Add(1)
				}
				if counting.Load() {
					if done++; done == 1 {
						worked.Store(true)
					}
					if len(sample) < 1<<16 {
						sample = append(sample, time.Since(t))
					}
				}
			}
			units.Add(done)
			mu.Lock()
			defer mu.Unlock()
			all.latencies = append(all.latencies, sample...)
		})
	}
	wg.Add(len(runs))
	for _, r := range runs {
		go r()
	}
	// until waits for what has to be, and in vain if a client fails or the wait is over.
	until := func(done func() bool) {
		for began := time.Now(); !done() && !stop.Load() && time.Since(began) < wait; {
			time.Sleep(time.Millisecond)
		}
	}
	time.Sleep(window / 10)
	until(func() bool { return greeted.Load() == int64(n) })
	if err := begin(); err != nil {
		fail(err)
	}
	counting.Store(true)
	time.Sleep(window)
	until(worked.Load)
	counting.Store(false)
	end := begin()
	stop.Store(true)
	rescue := time.AfterFunc(wait, func() { late.Store(true); closeAll() })
	wg.Wait()
	rescue.Stop()
	all.units = units.Load()
	slices.Sort(all.latencies)
	return all, errors.Join(append(failures, end)...)
}
