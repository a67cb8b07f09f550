//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
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
	ports int // how many lines to wait for; 0 means 1

	// measure, if it is set, takes the figures by itself, without a server's process.
	measure func() (figures, error)
}

// process is a running subject.
type process struct {
	cmd   *exec.Cmd
	addrs []string
	log   *strings.Builder
	ended chan struct{}
}

var listening = regexp.MustCompile(`listening on (?:tcp|ssl|udp):(\S+)`)

// start runs s and waits until it listens.
func (s subject) start() (*process, error) {
	p := &process{cmd: exec.Command(s.args[0], s.args[1:]...), log: new(strings.Builder), ended: make(chan struct{})}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan []string, 1)
	go func() {
		defer close(p.ended)
		var found []string
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				if found = append(found, m[1]); len(found) == max(1, s.ports) {
					ready <- found
				}
			}
			if p.log.Len() < 4096 {
				p.log.WriteString(lines.Text() + "\n")
			}
		}
	}()
	select {
	case p.addrs = <-ready:
		return p, nil
	case <-p.ended:
		_ = p.cmd.Wait()
		return nil, fmt.Errorf("%s ended before it listened: %s", s.name, p.log)
	case <-time.After(30 * time.Second):
		p.stop()
		return nil, fmt.Errorf("%s does not listen: %s", s.name, p.log)
	}
}

// stop ends the process by its id and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	_ = p.cmd.Wait()
}

// cpu is the processor time the process has used so far, to the nanosecond.
func (p *process) cpu() (time.Duration, error) {
	// The clock of a process: its inverted id above CPUCLOCK_SCHED (clock_getcpuclockid(3)).
	id := int32(^p.cmd.Process.Pid)<<3 | 2
	var ts unix.Timespec
	if err := unix.ClockGettime(id, &ts); err != nil {
		return 0, fmt.Errorf("clock of process %d: %w", p.cmd.Process.Pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// systemShare is the part of the processor time so far that was spent in the kernel, 0 to 1.
func (p *process) systemShare() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// Fields are counted behind the command's name, which may hold spaces: proc(5).
	_, rest, ok := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat has an unknown form")
	}
	user, err1 := strconv.ParseFloat(fields[11], 64)
	system, err2 := strconv.ParseFloat(fields[12], 64)
	if err := errors.Join(err1, err2); err != nil || user+system == 0 {
		return 0, err
	}
	return system / (user + system), nil
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
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
