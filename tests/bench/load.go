//go:build linux

package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
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

// drive opens n clients and has each do one unit of work after the other until the window has passed, or, if every is
// set, one unit each time that long has gone by. The first tenth of the window warms up and is not counted.
func drive(n int, window, every time.Duration, open func(i int) (unit func() error, closeIt func(), err error),
	begin func() error) (load, error) {
	var (
		counting, stop atomic.Bool
		units          atomic.Int64
		wg             sync.WaitGroup
		mu             sync.Mutex
		all            load
		failures       []error
	)
	fail := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, err)
		stop.Store(true)
	}
	runs := make([]func(), 0, n)
	for i := range n {
		unit, closeIt, err := open(i)
		if err != nil {
			return all, fmt.Errorf("client %d: %w", i, err)
		}
		runs = append(runs, func() {
			defer wg.Done()
			defer closeIt()
			var sample []time.Duration
			done := int64(0)
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
					fail(fmt.Errorf("client %d: %w", i, err))
					break
				}
				if counting.Load() {
					done++
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
	time.Sleep(window / 10)
	if err := begin(); err != nil {
		fail(err)
	}
	counting.Store(true)
	time.Sleep(window)
	counting.Store(false)
	end := begin()
	stop.Store(true)
	wg.Wait()
	all.units = units.Load()
	slices.Sort(all.latencies)
	return all, errors.Join(append(failures, end)...)
}

// pingPong makes one connection on which a unit is: send size bytes, read them back, compare.
func pingPong(addr string, size int) (unit func() error, closeIt func(), err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	out := bytes.Repeat([]byte("wasmnet!"), size/8+1)[:size]
	in := make([]byte, size)
	return func() error { return roundTrip(c, out, in, out) }, func() { c.Close() }, nil
}

// tlsPingPong is pingPong over TLS. Closing is a reset, as in connectEchoClose.
func tlsPingPong(addr string, size int) (unit func() error, closeIt func(), err error) {
	plain, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, nil, err
	}
	c := tls.Client(plain, clientTLS)
	if err := c.Handshake(); err != nil {
		plain.Close()
		return nil, nil, err
	}
	out := bytes.Repeat([]byte("wasmnet!"), size/8+1)[:size]
	in := make([]byte, size)
	return func() error { return roundTrip(c, out, in, out) }, func() { _ = plain.(*net.TCPConn).SetLinger(0); plain.Close() }, nil
}

var errDiffers = errors.New("the echo differs from what was sent")

// roundTrip sends out and wants want back, which is read into in.
func roundTrip(c net.Conn, out, in, want []byte) error {
	if _, err := c.Write(out); err != nil {
		return err
	}
	if _, err := io.ReadFull(c, in); err != nil {
		return err
	}
	if !bytes.Equal(in, want) {
		return errDiffers
	}
	return nil
}

// connectEchoClose is a unit of work of its own: a new connection, one echo, close.
func connectEchoClose(addr string, size int) (unit func() error, closeIt func(), err error) {
	out := bytes.Repeat([]byte("wasmnet!"), size/8+1)[:size]
	in := make([]byte, size)
	return func() error {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		// A reset frees the port at once: tens of thousands of connections would leave none in TIME_WAIT.
		defer func() { _ = c.(*net.TCPConn).SetLinger(0); c.Close() }()
		// A server that loses a connection is an error of its own, and not the end of the run.
		if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			return err
		}
		return roundTrip(c, out, in, out)
	}, func() {}, nil
}
