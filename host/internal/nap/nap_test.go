package nap

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A nap is not shorter than asked for, once and again.
func TestSleep(t *testing.T) {
	timer := Open()
	for _, d := range []time.Duration{20 * time.Microsecond, time.Millisecond, 1} {
		began := time.Now()
		timer.Sleep(d)
		if slept := time.Since(began); slept < d {
			t.Errorf("slept for %v, want %v", slept, d)
		}
	}
	if err := timer.Close(); err != nil {
		t.Error(err)
	}
}

// Without a timer of the kernel's it sleeps as well.
func TestSleepWithoutTimer(t *testing.T) {
	for _, timer := range []*Timer{nil, new(Timer)} {
		began := time.Now()
		timer.Sleep(time.Millisecond)
		if slept := time.Since(began); slept < time.Millisecond {
			t.Errorf("slept for %v", slept)
		}
	}
	if err := new(Timer).Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkSleep(b *testing.B) {
	timer := Open()
	defer timer.Close()
	for b.Loop() {
		timer.Sleep(20 * time.Microsecond)
	}
}

func BenchmarkTimeSleep(b *testing.B) {
	for b.Loop() {
		time.Sleep(20 * time.Microsecond)
	}
}
