//go:build linux

package main

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func nothing() error { return nil }

func TestPercentilesOfASortedSample(t *testing.T) {
	l := load{latencies: make([]time.Duration, 100)}
	for i := range l.latencies {
		l.latencies[i] = time.Duration(i)
	}
	for q, want := range map[float64]time.Duration{0: 0, 0.5: 50, 0.9: 90, 0.99: 99, 0.9999: 99, 1: 99} {
		if got := l.percentile(q); got != want {
			t.Errorf("percentile %v is %d, want %d", q, got, want)
		}
	}
	if got := (load{}).percentile(0.5); got != 0 {
		t.Errorf("of nothing it is %v", got)
	}
}

// What is counted lies between the two marks, and none of it is lost: but for the units that either mark cuts, one of
// each client, it is the difference.
func TestDriveCountsWhatIsDoneBetweenTheMarks(t *testing.T) {
	const clients = 4
	var done atomic.Int64
	var marks []int64
	l, err := drive(clients, 20*time.Millisecond, 0, func(int) (func() error, func(), error) {
		return func() error { done.Add(1); return nil }, func() {}, nil
	}, func() error { marks = append(marks, done.Load()); return nil })
	if err != nil || len(marks) != 2 {
		t.Fatalf("%d marks, error %v", len(marks), err)
	}
	if between := marks[1] - marks[0]; l.units <= 0 || l.units > between+clients {
		t.Errorf("%d units counted, %d done between the marks", l.units, between)
	}
	if int64(len(l.latencies)) > l.units || len(l.latencies) == 0 {
		t.Errorf("%d latencies of %d units", len(l.latencies), l.units)
	}
	for i := 1; i < len(l.latencies); i++ {
		if l.latencies[i-1] > l.latencies[i] {
			t.Fatalf("latency %d is longer than the next", i-1)
		}
	}
}

func TestDriveBeginsWhenEveryClientHasHadAnAnswer(t *testing.T) {
	busy := make(chan struct{}) // closed when client 0 has done a lot
	var served [2]atomic.Int64
	began := false
	_, err := drive(2, time.Millisecond, 0, func(i int) (func() error, func(), error) {
		return func() error {
			if i == 1 {
				<-busy
			}
			if served[i].Add(1) == 100_000 && i == 0 {
				close(busy)
			}
			return nil
		}, func() {}, nil
	}, func() error {
		if !began && served[1].Load() == 0 {
			t.Error("it began before client 1 had an answer")
		}
		began = true
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A window in which nothing could be done goes on until something is.
func TestDriveWaitsForTheFirstUnit(t *testing.T) {
	marks := 0
	counting := make(chan struct{})
	calls := 0
	l, err := drive(1, time.Nanosecond, 0, func(int) (func() error, func(), error) {
		return func() error {
			if calls++; calls > 1 {
				<-counting
			}
			return nil
		}, func() {}, nil
	}, func() error {
		if marks++; marks == 1 {
			close(counting)
		}
		return nil
	})
	if err != nil || l.units == 0 {
		t.Errorf("%d units, error %v", l.units, err)
	}
}

func TestDriveDoesNotWaitForALostMessage(t *testing.T) {
	closed := make(chan struct{})
	var once sync.Once
	answered := 0
	_, err := driveFor(2, time.Millisecond, 0, 20*time.Millisecond, func(i int) (func() error, func(), error) {
		if i == 0 {
			return func() error { answered++; return nil }, func() {}, nil
		}
		return func() error { <-closed; return errors.New("closed") }, func() { once.Do(func() { close(closed) }) }, nil
	}, nothing)
	if err == nil || err.Error() != "client 1: no answer within 20ms" {
		t.Errorf("the error is %v", err)
	}
	if answered == 0 {
		t.Error("the other client did nothing")
	}
}

func TestDriveReportsWhoFailed(t *testing.T) {
	closed := make([]bool, 3)
	_, err := drive(3, time.Millisecond, 0, func(i int) (func() error, func(), error) {
		return func() error {
			if i == 2 {
				return errDiffers
			}
			return nil
		}, func() { closed[i] = true }, nil
	}, nothing)
	if !errors.Is(err, errDiffers) || !strings.HasPrefix(err.Error(), "client 2: ") {
		t.Errorf("the error is %v", err)
	}
	_, err = drive(3, time.Millisecond, 0, func(i int) (func() error, func(), error) {
		if i == 1 {
			return nil, nil, errors.New("refused")
		}
		closed[i] = false
		return nothing, func() { closed[i] = true }, nil
	}, nothing)
	if err == nil || err.Error() != "client 1: refused" || !closed[0] {
		t.Errorf("the error is %v, and the first client's end %v", err, closed[0])
	}
	if _, err := drive(1, time.Millisecond, 0, func(int) (func() error, func(), error) { return nothing, func() {}, nil },
		func() error { return errors.New("no clock") }); err == nil {
		t.Error("an error of the mark is lost")
	}
}

// A unit counts from when it was due, and not from when the client got round to it: one stall makes the units behind it
// late as well.
func TestDriveAtARateCountsTheWait(t *testing.T) {
	const every = time.Millisecond
	var counting atomic.Bool
	stalled := false
	l, err := drive(1, 40*every, every, func(int) (func() error, func(), error) {
		return func() error {
			if counting.Load() && !stalled {
				stalled = true
				for began := time.Now(); time.Since(began) < 20*every; {
				}
			}
			return nil
		}, func() {}, nil
	}, func() error { counting.Store(true); return nil })
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, d := range l.latencies {
		if d > 4*every {
			late++
		}
	}
	if late < 10 {
		t.Errorf("%d of %d units are late", late, l.units)
	}
}
