package process

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Options say how a process is started.
type Options struct {
	// Env is its environment, "name=value"; nil: that of this process.
	Env []string
	// Dir is its working directory; empty: that of this process.
	Dir string
	// ChildFDs are its descriptors, by number; nil: [Write] for 0, [Read] for 1 and 2. Of the standard ones those that
	// are missing are the null device.
	ChildFDs map[int]ChildFD
	// System is what else the system can be asked for, such as another user.
	System *syscall.SysProcAttr
}

// ChildFD says what a descriptor of the process is: [Read], [Write] or [Inherit].
type ChildFD struct {
	kind byte
	file *os.File
}

var (
	// Read is a pipe that the process writes to: its data are events.
	Read = ChildFD{kind: 'r'}
	// Write is a pipe that the process reads from: see WriteToChild.
	Write = ChildFD{kind: 'w'}
)

// Inherit is an open file, which the caller may close after Spawn.
func Inherit(f *os.File) ChildFD { return ChildFD{kind: 'f', file: f} }

// maxChildFD bounds the numbers of ChildFDs.
const maxChildFD = 255

// Spawn starts a process on l, on whose goroutine it is called. An executable without a slash is looked for in PATH;
// args come after its own name. It fails as the system does, or with [protocol.ErrShutdown] when the reactor is ending.
func Spawn(l *reactor.Loop, p ProcessProtocol, executable string, args []string, o Options) (Transport, error) {
	if o.ChildFDs == nil {
		o.ChildFDs = map[int]ChildFD{0: Write, 1: Read, 2: Read}
	}
	proc := &process{loop: l, proto: p, pipes: map[int]pipe{}, ended: make(chan struct{}), done: deferred.New[deferred.Unit](l)}
	proc.cmd = exec.Command(executable, args...)
	proc.cmd.Env, proc.cmd.Dir, proc.cmd.SysProcAttr = o.Env, o.Dir, o.System
	fail := func(err error) (Transport, error) {
		return nil, fmt.Errorf("process: cannot start %q: %w", executable, err)
	}
	var theirs, ours []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
		for _, f := range ours {
			f.Close()
		}
	}()
	for _, fd := range slices.Sorted(maps.Keys(o.ChildFDs)) {
		if fd < 0 || fd > maxChildFD {
			return fail(fmt.Errorf("descriptor %d is not between 0 and %d", fd, maxChildFD))
		}
		c := o.ChildFDs[fd]
		if c.kind == 'f' && c.file != nil {
			proc.give(fd, c.file)
			continue
		}
		if c.kind != 'r' && c.kind != 'w' {
			return fail(fmt.Errorf("descriptor %d is neither Read nor Write nor a file", fd))
		}
		r, w, err := os.Pipe()
		if err != nil {
			return fail(err)
		}
		if c.kind == 'w' {
			ours, theirs = append(ours, w), append(theirs, r)
			proc.give(fd, r)
			proc.pipes[fd] = &writer{process: proc, fd: fd, file: w, work: make(chan []byte, 1)}
		} else {
			ours, theirs = append(ours, r), append(theirs, w)
			proc.give(fd, w)
			proc.pipes[fd] = &reader{process: proc, fd: fd, file: r, next: make(chan struct{}, 1)}
		}
	}
	trigger, err := l.Reactor().AddSystemEventTrigger(reactor.After, reactor.Shutdown, proc.terminate)
	if err != nil {
		return fail(protocol.ErrShutdown.Because(err))
	}
	proc.trigger = trigger
	if err := proc.cmd.Start(); err != nil {
		_ = l.Reactor().RemoveSystemEventTrigger(trigger) // it may have been called, and did nothing
		return fail(err)
	}
	ours = nil
	proc.begin()
	return proc, nil
}

// give makes f the descriptor fd of the process.
func (p *process) give(fd int, f *os.File) {
	switch fd {
	case 0:
		p.cmd.Stdin = f
	case 1:
		p.cmd.Stdout = f
	case 2:
		p.cmd.Stderr = f
	default:
		for len(p.cmd.ExtraFiles) <= fd-3 {
			p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, nil)
		}
		p.cmd.ExtraFiles[fd-3] = f
	}
}
