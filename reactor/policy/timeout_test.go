package policy

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestTimeouts(t *testing.T) {
	type step struct {
		after time.Duration
		do    string // "": nothing, "read" and "write": a byte each way
	}
	const second = time.Second
	tests := []struct {
		name   string
		times  Timeouts
		steps  []step
		lost   bool
		reason string
	}{
		{"none", Timeouts{}, []step{{24 * 365 * time.Hour, ""}}, false, ""},
		{"idle, almost", Timeouts{Idle: second}, []step{{second - 1, ""}}, false, ""},
		{"idle", Timeouts{Idle: second}, []step{{second, ""}}, true, "nothing was received or written for 1s"},
		{
			"idle, reading", Timeouts{Idle: second},
			[]step{{second - 1, "read"}, {second - 1, "read"}, {second - 1, ""}}, false, "",
		},
		{"idle, writing", Timeouts{Idle: second}, []step{{second - 1, "write"}, {second - 1, ""}}, false, ""},
		{
			"idle after reading", Timeouts{Idle: second}, []step{{second - 1, "read"}, {second - 1, ""}, {1, ""}}, true,
			"nothing was received or written for 1s",
		},
		{"first byte, almost", Timeouts{FirstByte: second}, []step{{second - 1, "read"}, {time.Hour, ""}}, false, ""},
		{"first byte", Timeouts{FirstByte: second}, []step{{second - 1, "write"}, {1, ""}}, true, "the peer sent nothing for 1s"},
		{"total, almost", Timeouts{Total: second}, []step{{second - 1, "read"}}, false, ""},
		{"total", Timeouts{Total: second}, []step{{second - 1, "read"}, {1, ""}}, true, "it was open for 1s"},
		{
			"all, idle first", Timeouts{Idle: second, FirstByte: 2 * second, Total: 3 * second}, []step{{second, ""}}, true,
			"nothing was received or written for 1s",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
			pair := reactortest.NewPair(client, build(NewTimeoutFactory(always(inner), test.times), "1.2.3.4:5"))
			for _, step := range test.steps {
				if inner.Reason != nil {
					t.Fatalf("lost too early by %v", inner.Reason)
				}
				pair.Advance(step.after)
				switch step.do {
				case "read":
					fmt.Fprint(client.Transport, "x")
				case "write":
					fmt.Fprint(inner.Transport, "x")
				}
				pair.Settle()
			}
			if (inner.Reason != nil) != test.lost {
				t.Fatalf("lost by %v", inner.Reason)
			}
			if test.lost {
				if protocol.ReasonOf(inner.Reason) != protocol.ErrIdle || !strings.HasSuffix(inner.Reason.Error(), ": "+test.reason) {
					t.Errorf("lost by %v", inner.Reason)
				}
				if protocol.ReasonOf(client.Reason) != protocol.ErrConnectionDone || pair.Pending() != 0 {
					t.Errorf("client lost by %v, %d timers are left", client.Reason, pair.Pending())
				}
			}
		})
	}
}

// A peer that does not read its output cannot keep the connection beyond the grace.
func TestTimeoutGrace(t *testing.T) {
	for _, grace := range []time.Duration{0, time.Second} {
		client, inner := &pauser{}, &reactortest.Recorder{}
		f := NewTimeoutFactory(always(inner), Timeouts{Total: 1, Grace: grace})
		pair := reactortest.NewPair(client, build(f, "1.2.3.4:5"))
		if _, err := inner.Transport.Write(make([]byte, 200<<10)); err != nil {
			t.Fatal(err)
		}
		pair.Advance(1)
		if !pair.Server.Disconnecting() || inner.Reason != nil {
			t.Fatalf("lost by %v", inner.Reason)
		}
		if grace == 0 {
			grace = DefaultGrace
		}
		pair.Advance(grace - 1)
		if inner.Reason != nil {
			t.Fatalf("lost too early by %v", inner.Reason)
		}
		pair.Advance(1)
		if protocol.ReasonOf(inner.Reason) != protocol.ErrIdle || pair.Pending() != 0 {
			t.Errorf("lost by %v, %d timers are left", inner.Reason, pair.Pending())
		}
	}
}

// A connection that ends for another reason keeps that, and no timer.
func TestTimeoutOtherReason(t *testing.T) {
	client, inner := &reactortest.Recorder{}, &reactortest.Recorder{}
	f := NewTimeoutFactory(always(inner), Timeouts{Idle: 1, FirstByte: 1, Total: 1})
	pair := reactortest.NewPair(client, build(f, "1.2.3.4:5"))
	client.Transport.LoseConnection()
	pair.Settle()
	if protocol.ReasonOf(inner.Reason) != protocol.ErrConnectionDone || pair.Pending() != 0 {
		t.Errorf("lost by %v, %d timers are left", inner.Reason, pair.Pending())
	}
}
