package process_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/process"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// childMode tells this program, started by itself, which process it is to be.
const childMode = "WASMNET_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		os.Exit(child(mode))
	}
	goleak.VerifyTestMain(m)
}

// child is what the processes of the tests do.
func child(mode string) int {
	switch {
	case mode == "echo": // standard input to output, and its length to the error
		n, _ := io.Copy(os.Stdout, os.Stdin)
		fmt.Fprint(os.Stderr, n)
	case mode == "fd3": // descriptor 3 to 4
		_, _ = io.Copy(os.NewFile(4, "4"), os.NewFile(3, "3"))
	case mode == "deaf": // ends by SIGKILL only
		signal.Ignore(syscall.SIGTERM)
		fmt.Print("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
		select {}
	case mode == "flood": // more than any pipe holds
		for range 64 {
			_, _ = os.Stdout.Write(make([]byte, 64<<10))
		}
	case mode == "where":
		dir, _ := os.Getwd()
		fmt.Print(dir, " ", os.Getenv("MARK"))
	default:
		code, _ := strconv.Atoi(mode)
		return code
	}
	return 0
}

const patience = 20 * time.Second

func wait[T any](t *testing.T, c <-chan T, what string) (value T) {
	t.Helper()
	select {
	case value = <-c:
	case <-time.After(patience):
		buf := make([]byte, 1<<20)
		t.Fatalf("%s does not happen\n%s", what, buf[:runtime.Stack(buf, true)])
	}
	return value
}

// start runs a reactor of one loop until the test ends.
func start(t *testing.T) (l *reactor.Loop, ended <-chan error) {
	t.Helper()
	r, err := reactor.New(reactor.Config{Loops: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run() }()
	l = r.Loops()[0]
	on(t, l, func() {})
	t.Cleanup(func() {
		if r.Drain(0) == nil {
			_ = r.Drain(0)
			<-l.Done()
		}
	})
	return l, done
}

// on calls f on l.
func on(t *testing.T, l *reactor.Loop, f func()) {
	t.Helper()
	if _, err := reactor.BlockingCallFromThread(l, func() (struct{}, error) { f(); return struct{}{}, nil }); err != nil {
		t.Fatal(err)
	}
}

// recorder notes what happens to a process.
type recorder struct {
	process.Base
	events []string
	out    strings.Builder
	err    strings.Builder
	other  strings.Builder
	made   chan struct{}
	data   chan int // lengths of what arrived on the output
	exited chan error
	ended  chan error
}

func newRecorder() *recorder {
	return &recorder{made: make(chan struct{}, 1), data: make(chan int, 10000), exited: make(chan error, 1), ended: make(chan error, 2)}
}

func (r *recorder) ConnectionMade(t process.Transport) {
	r.Transport = t
	r.events = append(r.events, "made")
	r.made <- struct{}{}
}

func (r *recorder) OutReceived(data []byte) {
	r.out.Write(data)
	r.data <- len(data)
}
func (r *recorder) ErrReceived(data []byte)              { r.err.Write(data) }
func (r *recorder) ChildDataReceived(_ int, data []byte) { r.other.Write(data) }
func (r *recorder) ChildConnectionLost(fd int)           { r.events = append(r.events, fmt.Sprint("lost ", fd)) }
func (r *recorder) ProcessExited(reason error)           { r.exited <- reason }
func (r *recorder) ProcessEnded(reason error) {
	r.events = append(r.events, "ended")
	r.ended <- reason
}

// executable is this program.
func executable(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return self
}

// spawn starts this program as another process.
func spawn(t *testing.T, l *reactor.Loop, mode string, o process.Options) *recorder {
	t.Helper()
	self := executable(t)
	o.Env = append(append(os.Environ(), childMode+"="+mode), o.Env...)
	p := newRecorder()
	on(t, l, func() {
		tr, err := process.Spawn(l, p, self, nil, o)
		if err != nil {
			t.Error(err)
		} else if tr.PID() <= 0 || len(p.events) != 0 {
			t.Errorf("pid %d, events %q before Spawn has returned", tr.PID(), p.events)
		}
	})
	wait(t, p.made, "ConnectionMade")
	return p
}

// TestPipes: all that is written comes back, in order, and every end is told once.
func TestPipes(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "echo", process.Options{})
	var sent strings.Builder
	on(t, l, func() {
		for i := range 20000 {
			line := fmt.Sprintln("line", i)
			sent.WriteString(line)
			if _, err := io.WriteString(writerTo{p.Transport}, line); err != nil {
				t.Fatal(err)
			}
		}
		p.Transport.CloseStdin()
		if _, err := p.Transport.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("written after CloseStdin: %v", err)
		}
	})
	reason := wait(t, p.ended, "ProcessEnded")
	if !errors.Is(reason, process.ProcessDone{}) || protocol.ReasonOf(reason) != protocol.ErrConnectionDone {
		t.Errorf("reason %v", reason)
	}
	on(t, l, func() {
		if p.out.String() != sent.String() || p.err.String() != strconv.Itoa(sent.Len()) {
			t.Errorf("%d bytes came back, want %d; error %q", p.out.Len(), sent.Len(), &p.err)
		}
		if len(p.events) != 5 || p.events[0] != "made" || p.events[1] != "lost 0" || p.events[4] != "ended" {
			t.Errorf("events %q", p.events)
		}
		if err := p.Transport.SignalProcess(syscall.SIGKILL); !errors.Is(err, process.ErrProcessExitedAlready) {
			t.Errorf("a signal after the end: %v", err)
		}
		if _, err := p.Transport.Write([]byte("x")); !errors.Is(err, protocol.ErrClosed) {
			t.Errorf("written after the end: %v", err)
		}
	})
}

// writerTo makes an io.Writer of a Transport.
type writerTo struct{ process.Transport }

// TestStatus: how a process has ended is told.
func TestStatus(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "7", process.Options{})
	var e *process.ProcessTerminated
	if reason := wait(t, p.ended, "ProcessEnded"); !errors.As(reason, &e) || e.ExitCode != 7 || e.Signal != 0 ||
		protocol.ReasonOf(reason) != protocol.ErrConnectionLost {
		t.Errorf("reason %v", reason)
	}
	wait(t, p.exited, "ProcessExited")
	for _, name := range []string{"TERM", "SIGKILL", "15"} {
		sig, err := process.ParseSignal(name)
		if err != nil {
			t.Fatal(err)
		}
		p := spawn(t, l, "echo", process.Options{})
		on(t, l, func() {
			if err := p.Transport.SignalProcess(sig); err != nil {
				t.Error(err)
			}
		})
		if reason := wait(t, p.ended, "ProcessEnded"); !errors.As(reason, &e) || e.ExitCode != -1 || e.Signal != sig {
			t.Errorf("%s: reason %v", name, reason)
		}
	}
	for _, name := range []string{"", "NOPE", "0", "-1", "99999"} {
		if _, err := process.ParseSignal(name); err == nil {
			t.Errorf("signal %q is no error", name)
		}
	}
}

// TestDescriptors: pipes of other numbers, files that are inherited, a directory and an environment.
func TestDescriptors(t *testing.T) {
	l, _ := start(t)
	p := spawn(t, l, "fd3", process.Options{ChildFDs: map[int]process.ChildFD{3: process.Write, 4: process.Read}})
	on(t, l, func() {
		if _, err := p.Transport.WriteToChild(3, []byte("by another way")); err != nil {
			t.Error(err)
		}
		p.Transport.CloseChildFD(3)
	})
	wait(t, p.ended, "ProcessEnded")
	on(t, l, func() {
		if p.other.String() != "by another way" {
			t.Errorf("received %q", &p.other)
		}
	})

	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	p = spawn(t, l, "where", process.Options{Dir: dir + "/..", Env: []string{"MARK=here"},
		ChildFDs: map[int]process.ChildFD{1: process.Inherit(f)}})
	wait(t, p.ended, "ProcessEnded")
	if got, err := os.ReadFile(f.Name()); err != nil || string(got) != strings.TrimSuffix(dir, "/process")+" here" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSpawnErrors(t *testing.T) {
	l, ended := start(t)
	on(t, l, func() {
		for name, o := range map[string]process.Options{
			"a descriptor below 0":    {ChildFDs: map[int]process.ChildFD{-1: process.Read}},
			"a descriptor too far":    {ChildFDs: map[int]process.ChildFD{256: process.Read}},
			"a descriptor of no kind": {ChildFDs: map[int]process.ChildFD{3: {}}},
			"no file":                 {ChildFDs: map[int]process.ChildFD{3: process.Inherit(nil)}},
			"no directory":            {Dir: "/does/not/exist"},
		} {
			if _, err := process.Spawn(l, newRecorder(), os.Args[0], nil, o); err == nil {
				t.Errorf("%s: no error", name)
			}
		}
		if _, err := process.Spawn(l, newRecorder(), "does-not-exist", nil, process.Options{}); err == nil {
			t.Error("no executable: no error")
		}
	})
	_ = l.Reactor().Stop()
	wait(t, ended, "the end of the reactor")
	if _, err := process.Spawn(l, newRecorder(), os.Args[0], nil, process.Options{}); !errors.Is(err, protocol.ErrShutdown) {
		t.Errorf("after the end: %v", err)
	}
}
