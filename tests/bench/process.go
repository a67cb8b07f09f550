//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// subject is one server under test: a name and the command that runs it. The command says on standard error where it
// listens, in the form "… listening on tcp:ADDRESS", "ssl:ADDRESS" or "udp:ADDRESS".
type subject struct {
	name  string
	args  []string
	ports int  // how many lines to wait for; 0 means 1
	forks bool // it works in children, whose processor time counts

	// foreign says that it is somebody else's: if it cannot be started it is absent, and that is no failure.
	foreign bool

	// command, if it is set, makes args for a server that does not say where it listens, and is told instead. Its files
	// go to dir.
	command func(dir, listen, backend string) ([]string, error)
	backend *subject // runs meanwhile; nil: none

	// measure, if it is set, takes the figures by itself, without a server's process.
	measure func() (figures, error)
}

// process is a running subject.
type process struct {
	cmd     *exec.Cmd
	addrs   []string
	log     transcript // of its standard error
	ended   chan struct{}
	forks   bool
	backend *process // nil: none
	dir     string   // its own files; empty: none
	memory  int64    // bytes that were resident when it was last read
}

var listening = regexp.MustCompile(`listening on (?:tcp|ssl|udp):(\S+)`)

// start runs s and waits until it listens. If that fails and s is foreign the error is an absent one.
func (s subject) start() (*process, error) {
	p, err := s.launch()
	return p, s.excuse(err)
}

// launch is start with whatever error there is.
func (s subject) launch() (*process, error) {
	p := &process{ended: make(chan struct{}), forks: s.forks}
	listen, err := p.prepare(&s)
	if err != nil {
		p.release()
		return nil, err
	}
	p.cmd = exec.Command(s.args[0], s.args[1:]...)
	stderr, err := p.cmd.StderrPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		p.release()
		return nil, err
	}
	ready := make(chan []string, 1)
	if listen != "" {
		go p.poll(listen, ready)
	}
	go func() {
		defer close(p.ended)
		var found []string
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				if found = append(found, m[1]); len(found) == max(1, s.ports) {
					ready <- found
				}
			}
			p.log.add(lines.Text())
		}
		_ = p.cmd.Wait() // some close their standard error and live on
	}()
	select {
	case p.addrs = <-ready:
		return p, nil
	case <-p.ended:
		p.release()
		return nil, fmt.Errorf("%s ended before it listened: %s", s.name, p.said())
	case <-time.After(30 * time.Second):
		p.stop()
		return nil, fmt.Errorf("%s does not listen: %s", s.name, p.said())
	}
}

// said is the beginning of what the process has written, on one line.
func (p *process) said() string { return strings.Join(strings.Fields(p.log.String()), " ") }

// stop ends the process by its id and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	p.release()
}

// prepare starts the backend and makes the arguments of a server that is told where to listen. It returns that address.
func (p *process) prepare(s *subject) (listen string, err error) {
	if s.command == nil {
		return "", nil
	}
	backend := ""
	if s.backend != nil {
		if p.backend, err = s.backend.start(); err != nil {
			return "", err
		}
		backend = p.backend.addrs[0]
	}
	if p.dir, err = os.MkdirTemp("", "wasmnet-bench"); err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	listen = l.Addr().String()
	if err := l.Close(); err != nil {
		return "", err
	}
	s.args, err = s.command(p.dir, listen, backend)
	return listen, err
}

// poll connects until that succeeds or the process has ended.
func (p *process) poll(addr string, ready chan<- []string) {
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			ready <- []string{addr}
			return
		}
		select {
		case <-p.ended:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (p *process) release() {
	if p.backend != nil {
		p.backend.stop()
	}
	if p.dir != "" {
		_ = os.RemoveAll(p.dir)
	}
}

// cpu is the processor time the process has used so far, to the nanosecond.
func (p *process) cpu() (time.Duration, error) {
	// The clock of a process: its inverted id above CPUCLOCK_SCHED (clock_getcpuclockid(3)).
	id := int32(^p.cmd.Process.Pid)<<3 | 2
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0, fmt.Errorf("clock of process %d: %w", p.cmd.Process.Pid, err)
	}
	own := time.Duration(ts.Nano())
	if !p.forks {
		return own, nil
	}
	children, err := p.children()
	return own + children, err
}

// children is the processor time of those it has, and their children, and, in the kernel's ticks, of those it had.
func (p *process) children() (time.Duration, error) {
	t, err := ticksOf(strconv.Itoa(p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	sum := time.Duration(t.childUser+t.childSystem) * time.Second / ticksPerSecond
	all, err := os.ReadDir("/proc")
	if err != nil {
		return 0, err
	}
	family := map[int]bool{p.cmd.Process.Pid: true}
	for grown := true; grown; { // until no child of a child is found any more
		grown = false
		for _, entry := range all {
			pid, err := strconv.Atoi(entry.Name())
			if err != nil || family[pid] {
				continue
			}
			// One that has ended meanwhile is in its parent's figures next time.
			if t, err := ticksOf(entry.Name()); err != nil || !family[t.parent] {
				continue
			}
			family[pid], grown = true, true
			if text, err := os.ReadFile("/proc/" + entry.Name() + "/schedstat"); err == nil {
				var ns int64
				if _, err := fmt.Sscan(string(text), &ns); err == nil {
					sum += time.Duration(ns)
				}
			}
		}
	}
	return sum, nil
}

// systemShare is the part of the processor time so far that was spent in the kernel, 0 to 1.
func (p *process) systemShare() (float64, error) {
	t, err := ticksOf(strconv.Itoa(p.cmd.Process.Pid))
	user, system := t.user+t.childUser, t.system+t.childSystem
	if err != nil || user+system == 0 {
		return 0, err
	}
	return float64(system) / float64(user+system), nil
}

// ticks are processor times as /proc/PID/stat has them.
type ticks struct {
	parent                               int
	user, system, childUser, childSystem int64
}

// ticksPerSecond is USER_HZ, which is 100 on all of Linux's platforms that matter here.
const ticksPerSecond = 100

func ticksOf(pid string) (ticks, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return ticks{}, err
	}
	// Fields are counted behind the command's name, which may hold spaces: proc(5).
	_, rest, ok := strings.Cut(string(text), ") ")
	var t ticks
	f := strings.Fields(rest)
	if !ok || len(f) < 15 {
		return t, errors.New("/proc/PID/stat has an unknown form")
	}
	var errs [5]error
	t.parent, errs[0] = strconv.Atoi(f[1])
	for i, to := range []*int64{&t.user, &t.system, &t.childUser, &t.childSystem} {
		*to, errs[i+1] = strconv.ParseInt(f[11+i], 10, 64)
	}
	return t, errors.Join(errs[:]...)
}

// resident is the process's resident memory in bytes.
func (p *process) resident() (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(text), "\n") {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "Pss:" {
			kb, err := strconv.ParseInt(f[1], 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("smaps_rollup has no Pss line")
}

func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown kernel"
	}
	version, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-") // what follows names a build
	return unix.ByteSliceToString(u.Sysname[:]) + " " + version
}
