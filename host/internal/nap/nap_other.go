//go:build !linux

package nap

import "time"

// Timer sleeps for one goroutine at a time. Nil sleeps as [time.Sleep] does.
type Timer struct{}

// Open makes a timer. Close releases it.
func Open() *Timer { return &Timer{} }

// Sleep pauses the goroutine for at least d, which is above zero. Its processor is free meanwhile.
func (*Timer) Sleep(d time.Duration) { time.Sleep(d) }

// Close releases the timer.
func (*Timer) Close() error { return nil }
