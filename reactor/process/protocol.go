package process

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// ProcessProtocol is told what happens to a process. It is called on the loop that spawned it. [Base] has all methods.
type ProcessProtocol interface {
	// ConnectionMade says that the process has started.
	ConnectionMade(t Transport)
	// OutReceived and ErrReceived deliver what it wrote to its standard output and error. data is valid until the call
	// returns.
	OutReceived(data []byte)
	ErrReceived(data []byte)
	// ChildConnectionLost says that the pipe that is descriptor fd in the process is closed.
	ChildConnectionLost(fd int)
	// ProcessExited says that the process has ended: [ProcessDone] with exit status 0, else [*ProcessTerminated].
	ProcessExited(reason error)
	// ProcessEnded is the last event: the process has exited and all pipes are closed. reason is that of ProcessExited.
	ProcessEnded(reason error)
}

// ChildDataReceiver is implemented by protocols of processes with more pipes to read from than the standard ones.
type ChildDataReceiver interface {
	// ChildDataReceived delivers what the process wrote to its descriptor fd. data is valid until the call returns.
	ChildDataReceived(fd int, data []byte)
}

// Transport is the protocol's side of a process. It is used on the process's loop only, never blocks, and delivers no
// event before a method returns.
type Transport interface {
	// PID is the process's number in the system.
	PID() int

	// Write queues p for the process's standard input; p may be reused at once. It fails with [protocol.ErrClosed]
	// after CloseStdin or when the pipe is closed, and with [protocol.ErrLimit], taking nothing of p, when more than
	// 1 MiB would be queued.
	Write(p []byte) (int, error)
	// WriteToChild is Write for any pipe that the process reads from.
	WriteToChild(fd int, p []byte) (int, error)
	// Buffered is the number of bytes queued for standard input.
	Buffered() int
	// RegisterProducer makes p the source of standard input, as that of [protocol.Transport] does for a connection: a
	// streaming producer is paused above 64 KiB and resumed at 16 KiB.
	RegisterProducer(p protocol.Producer, streaming bool) error
	// UnregisterProducer forgets the producer.
	UnregisterProducer()

	// CloseStdin closes the process's standard input when what was written to it has gone out.
	CloseStdin()
	// CloseChildFD closes the pipe that is descriptor fd in the process; one that is written to when that has gone out.
	CloseChildFD(fd int)
	// LoseConnection closes all pipes.
	LoseConnection()

	// PauseProducing stops reading from the process until ResumeProducing, so that it feels backpressure.
	PauseProducing()
	// ResumeProducing undoes PauseProducing.
	ResumeProducing()

	// SignalProcess sends a signal: see [ParseSignal] for names. It fails with [ErrProcessExitedAlready], or as the
	// system does: Windows knows only syscall.SIGKILL.
	SignalProcess(sig syscall.Signal) error
}

// Base is a [ProcessProtocol] that does nothing, to be embedded.
type Base struct {
	Transport Transport // from ConnectionMade on
}

var _ ProcessProtocol = (*Base)(nil)

// ConnectionMade implements [ProcessProtocol].
func (b *Base) ConnectionMade(t Transport) { b.Transport = t }

// OutReceived implements [ProcessProtocol].
func (*Base) OutReceived([]byte) {}

// ErrReceived implements [ProcessProtocol].
func (*Base) ErrReceived([]byte) {}

// ChildConnectionLost implements [ProcessProtocol].
func (*Base) ChildConnectionLost(int) {}

// ProcessExited implements [ProcessProtocol].
func (*Base) ProcessExited(error) {}

// ProcessEnded implements [ProcessProtocol].
func (*Base) ProcessEnded(error) {}

// ErrProcessExitedAlready is what SignalProcess fails with when there is no process any more.
var ErrProcessExitedAlready = errors.New("process: it has exited already")

// ProcessDone is the reason of a process that exited with status 0. Its [protocol.Reason] is ErrConnectionDone.
type ProcessDone struct{}

func (ProcessDone) Error() string { return "process ended cleanly" }

// Unwrap returns [protocol.ErrConnectionDone].
func (ProcessDone) Unwrap() error { return protocol.ErrConnectionDone }

// ProcessTerminated is the reason of a process that ended in any other way. Its [protocol.Reason] is ErrConnectionLost.
type ProcessTerminated struct {
	ExitCode int            // its exit status; -1 if a signal ended it
	Signal   syscall.Signal // that ended it, or 0
}

func (e *ProcessTerminated) Error() string {
	if e.Signal != 0 {
		return fmt.Sprintf("process was ended by signal %d (%v)", int(e.Signal), e.Signal)
	}
	return fmt.Sprintf("process ended with exit status %d", e.ExitCode)
}

// Unwrap returns [protocol.ErrConnectionLost].
func (*ProcessTerminated) Unwrap() error { return protocol.ErrConnectionLost }
