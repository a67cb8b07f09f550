// Package nap sleeps for microseconds.
//
// [time.Sleep] is no shorter than a millisecond where nothing else runs: that is as fine as Go's scheduler asks the kernel to
// wake it. A timer of the kernel's that the scheduler waits for like for a socket is as fine as the kernel's clock.
package nap
