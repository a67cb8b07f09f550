//go:build linux

package main

import (
	"net"
	"strings"
	"testing"
	"time"
)

// shell is a subject that runs a script.
func shell(name, script string, foreign bool) subject {
	return subject{name: name, args: []string{"/bin/sh", "-c", script}, foreign: foreign}
}

// What is not there is reported and excused if it is somebody else's; wrong answers never are.
func TestOnlyOthersMayBeAbsentAndNobodyWrong(t *testing.T) {
	liar := served(t, func(c net.Conn) {
		_, _ = c.Write([]byte(strings.Repeat("x", 64)))
		_, _ = c.Read(make([]byte, 64))
	})
	w := workload{
		name: "w",
		subjects: []subject{
			{name: "not installed", args: []string{"/nonexistent/peer"}, foreign: true},
			shell("dies", "echo no module named peer >&2; exit 1", true),
			{name: "ours, not built", args: []string{"/nonexistent/ours"}},
			shell("ours, not started", "echo usage >&2; exit 2", false),
			shell("liar", "echo liar listening on tcp:"+liar+" >&2; exec sleep 60", true),
		},
		run: echo(options{window: time.Millisecond}, 1, 64),
	}
	b, err := measure(options{rounds: 2}, w)
	if err == nil {
		t.Fatal("the run has not failed")
	}
	for i, want := range []struct {
		failed bool
		reason string
	}{
		{false, "no such file or directory"}, {false, "no module named peer"},
		{true, "no such file or directory"}, {true, "usage"}, {true, errDiffers.Error()},
	} {
		r := b.Rows[i]
		if r.Failed != want.failed || !strings.Contains(r.Absent, want.reason) {
			t.Errorf("%s: failed %v, because of %q", r.Subject, r.Failed, r.Absent)
		}
		if got := strings.Contains(err.Error(), r.Subject+": "); got != want.failed {
			t.Errorf("%s: in the run's error %v", r.Subject, got)
		}
	}
	var out strings.Builder
	b.print(&out)
	for _, want := range []string{"not installed: absent: ", "dies: absent: ", "ours, not built: failed: ", "liar: failed: "} {
		if !strings.Contains(out.String(), "\n  "+want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestToolsAreAbsentOrFail(t *testing.T) {
	if out, err := tool(time.Minute, "echo", "said"); err != nil || string(out) != "said\n" {
		t.Errorf("it says %q, error %v", out, err)
	}
	if _, err := tool(time.Minute, "wasmnet-no-such-tool"); !isAbsent(err) {
		t.Errorf("a tool that is not installed: %v", err)
	}
	if _, err := tool(time.Minute, "/bin/sh", "-c", "echo why; exit 3"); err == nil || isAbsent(err) || !strings.Contains(err.Error(), "why") {
		t.Errorf("a tool that fails: %v", err)
	}
	if _, err := tool(10*time.Millisecond, "sleep", "60"); err == nil || isAbsent(err) || !strings.Contains(err.Error(), "not ended within 10ms") {
		t.Errorf("a tool that hangs: %v", err)
	}
}
