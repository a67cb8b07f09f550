package process

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// killTime is how long a process has to terminate when its reactor ends.
const killTime = 5 * time.Second

// process implements [Transport]. Its fields are the loop's; its goroutines post what they learn.
type process struct {
	loop    *reactor.Loop
	proto   ProcessProtocol
	cmd     *exec.Cmd
	pipes   map[int]pipe // that are open
	paused  bool
	exited  bool
	reason  error
	trigger *reactor.Trigger
	kill    protocol.DelayedCall // of terminate, or nil
	ended   chan struct{}        // closed with ProcessEnded
	done    *deferred.Deferred[deferred.Unit]
}

// A pipe is our end of one.
type pipe interface {
	// serve moves the data, on a goroutine of its own, until the pipe is closed.
	serve()
	// lose closes it, after what was written has gone out.
	lose()
	// abort closes it. Any goroutine may call it, several times.
	abort()
	resume()
}

var _ Transport = (*process)(nil)

func (p *process) begin() {
	p.loop.CallFromThread(func() { p.proto.ConnectionMade(p) })
	files := slices.Collect(maps.Values(p.pipes))
	for _, f := range files {
		go f.serve()
	}
	go func() {
		_ = p.cmd.Wait() // ProcessState says more
		p.loop.CallFromThread(func() { p.exit(p.cmd.ProcessState) })
	}()
	go func() {
		select {
		case <-p.ended:
		case <-p.loop.Done():
			_ = p.cmd.Process.Kill() // it may have exited
			for _, f := range files {
				f.abort()
			}
		}
	}()
}

// exit deals with the news that the process has ended. Nobody reads any more what is written to it.
func (p *process) exit(state *os.ProcessState) {
	p.exited = true
	p.reason = reasonOf(state)
	p.loop.CallFromThread(func() { p.proto.ProcessExited(p.reason) })
	p.loop.CallFromThread(p.finish)
	for _, f := range p.pipes {
		if w, ok := f.(*writer); ok {
			w.abort()
			w.end()
		}
	}
}

func reasonOf(state *os.ProcessState) error {
	switch {
	case state == nil: // somebody else has waited for it
		return &ProcessTerminated{ExitCode: -1}
	case state.Success():
		return ProcessDone{}
	}
	e := &ProcessTerminated{ExitCode: state.ExitCode()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	return e
}

// lost deals with the end of a pipe.
func (p *process) lost(fd int) {
	delete(p.pipes, fd)
	p.loop.CallFromThread(p.finish) // after this function, whatever becomes of it
	p.proto.ChildConnectionLost(fd)
}

// finish tells the protocol of the end when nothing is left.
func (p *process) finish() {
	select {
	case <-p.ended:
		return
	default:
	}
	if !p.exited || len(p.pipes) > 0 {
		return
	}
	close(p.ended)
	_ = p.loop.Reactor().RemoveSystemEventTrigger(p.trigger) // it may have been called
	if p.kill != nil {
		_ = p.kill.Cancel() // it may have been called
	}
	_ = p.done.Callback(deferred.Unit{})
	p.proto.ProcessEnded(p.reason)
}

// terminate ends the process with the reactor.
func (p *process) terminate() *deferred.Deferred[deferred.Unit] {
	if p.cmd.Process == nil {
		return nil // it did not start
	}
	kill := func() {
		_ = p.cmd.Process.Kill() // it may have exited
		p.LoseConnection()       // what its children hold is not waited for
	}
	if p.SignalProcess(syscall.SIGTERM) == nil {
		p.kill = p.loop.CallLater(killTime, kill)
	} else {
		kill()
	}
	return p.done
}

// received hands data to the protocol.
func (p *process) received(fd int, data []byte) {
	switch fd {
	case 1:
		p.proto.OutReceived(data)
	case 2:
		p.proto.ErrReceived(data)
	default:
		if c, ok := p.proto.(ChildDataReceiver); ok {
			c.ChildDataReceived(fd, data)
		}
	}
}

// PID implements [Transport].
func (p *process) PID() int { return p.cmd.Process.Pid }

// Write implements [Transport].
func (p *process) Write(data []byte) (int, error) { return p.WriteToChild(0, data) }

// WriteToChild implements [Transport].
func (p *process) WriteToChild(fd int, data []byte) (int, error) {
	if w, ok := p.pipes[fd].(*writer); ok {
		return w.write(data)
	}
	return 0, protocol.ErrClosed
}

// Buffered implements [Transport].
func (p *process) Buffered() int {
	if w, ok := p.pipes[0].(*writer); ok {
		return w.buffered()
	}
	return 0
}

// RegisterProducer implements [Transport].
func (p *process) RegisterProducer(producer protocol.Producer, streaming bool) error {
	if w, ok := p.pipes[0].(*writer); ok {
		return w.register(producer, streaming)
	}
	producer.StopProducing()
	return nil
}

// UnregisterProducer implements [Transport].
func (p *process) UnregisterProducer() {
	if w, ok := p.pipes[0].(*writer); ok {
		w.unregister()
	}
}

// CloseStdin implements [Transport].
func (p *process) CloseStdin() { p.CloseChildFD(0) }

// CloseChildFD implements [Transport].
func (p *process) CloseChildFD(fd int) {
	if f, ok := p.pipes[fd]; ok {
		f.lose()
	}
}

// LoseConnection implements [Transport].
func (p *process) LoseConnection() {
	for _, f := range p.pipes {
		f.lose()
	}
}

// PauseProducing implements [Transport].
func (p *process) PauseProducing() { p.paused = true }

// ResumeProducing implements [Transport].
func (p *process) ResumeProducing() {
	p.paused = false
	for _, f := range p.pipes {
		f.resume()
	}
}

// SignalProcess implements [Transport].
func (p *process) SignalProcess(sig syscall.Signal) error {
	if p.exited {
		return ErrProcessExitedAlready
	}
	var err error
	if sig == syscall.SIGKILL {
		err = p.cmd.Process.Kill() // what Windows has
	} else {
		err = p.cmd.Process.Signal(sig)
	}
	if errors.Is(err, os.ErrProcessDone) {
		return ErrProcessExitedAlready
	}
	return err
}
