package client

import (
	"math"
	"math/rand/v2"
	"time"
)

// RetryPolicy is how long to wait before the next attempt, after so many that failed (1, 2, ...). A connection that was
// up and is lost counts as one.
type RetryPolicy func(failed int) time.Duration

// The figures of [DefaultRetryPolicy].
const (
	DefaultInitialDelay = time.Second
	DefaultMaxDelay     = time.Minute
	DefaultFactor       = 1.5
	DefaultJitter       = time.Second
)

// DefaultRetryPolicy waits 1.5 s first, half as long again each time, a minute at most; and up to a second more, by
// chance, so that the clients of a server that was down do not all come at once.
func DefaultRetryPolicy(failed int) time.Duration { return defaultRetryPolicy(failed) }

var defaultRetryPolicy = BackoffPolicy(DefaultInitialDelay, DefaultMaxDelay, DefaultFactor,
	func() time.Duration { return rand.N(DefaultJitter) })

// BackoffPolicy waits initial·factor^n after n failed attempts, maxDelay at most, and what jitter returns on top, which
// may be nil for nothing. Waits are never negative.
func BackoffPolicy(initial, maxDelay time.Duration, factor float64, jitter func() time.Duration) RetryPolicy {
	return func(failed int) time.Duration {
		wait := seconds(min(initial.Seconds()*math.Pow(factor, float64(failed)), maxDelay.Seconds()))
		if jitter != nil {
			wait += jitter()
		}
		return max(wait, 0)
	}
}

// seconds is s seconds as a Duration.
func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
