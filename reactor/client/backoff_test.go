package client

import (
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBackoffPolicy(t *testing.T) {
	jitter := func() time.Duration { return 500 * time.Millisecond }
	tests := []struct {
		name   string
		policy RetryPolicy
		failed int
		want   time.Duration
	}{
		{"first", BackoffPolicy(time.Second, time.Minute, 1.5, nil), 1, 1500 * time.Millisecond},
		{"second", BackoffPolicy(time.Second, time.Minute, 1.5, nil), 2, 2250 * time.Millisecond},
		{"last that grows", BackoffPolicy(time.Second, time.Minute, 1.5, nil), 10, 57665039062 * time.Nanosecond},
		{"longest", BackoffPolicy(time.Second, time.Minute, 1.5, nil), 11, time.Minute},
		{"beyond numbers", BackoffPolicy(time.Second, time.Minute, 1.5, nil), 1 << 30, time.Minute},
		{"jitter", BackoffPolicy(time.Second, time.Minute, 2, jitter), 1, 2500 * time.Millisecond},
		{"jitter on top", BackoffPolicy(time.Second, time.Minute, 2, jitter), 100, 60500 * time.Millisecond},
		{"never negative", BackoffPolicy(time.Second, time.Minute, 2, func() time.Duration { return -time.Hour }), 1, 0},
	}
	for _, test := range tests {
		if got := test.policy(test.failed); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
	different := false
	for failed := 1; failed < 50; failed++ {
		got, least := DefaultRetryPolicy(failed), BackoffPolicy(time.Second, time.Minute, 1.5, nil)(failed)
		if got < least || got >= least+time.Second {
			t.Errorf("after %d: %v, want %v and less than a second more", failed, got, least)
		}
		different = different || DefaultRetryPolicy(failed) != got
	}
	if !different {
		t.Error("the default has no jitter")
	}
}
