package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A Program is a guest that ends: by stop, by proc_exit, or because nothing can happen to it any more.
type Program struct {
	inst     *instance
	loop     Loop
	status   int
	stopping bool
	err      error
	done     chan struct{}
}

// Exec runs the service's module as a program: in one instance, with when_running as its first event. It returns
// the status given to stop or proc_exit, or 0 when the guest has no connection, listener, timer or request left. The
// error says why it ended otherwise: a [*Trap], a [*LimitError], or the context's; or that it did not begin, since it does
// not export when_running.
//
// The reactor must be running, or be started meanwhile; Exec does not stop it. It must not be called on a loop.
func (s *Service) Exec(ctx context.Context) (status int, err error) {
	p, err := s.StartExec()
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// StartExec is Exec without waiting for the end.
func (s *Service) StartExec() (*Program, error) {
	if !s.code.exports(abi.WhenRunning) && !s.code.exports(abi.Restored) {
		return nil, &ExportError{abi.WhenRunning.String(), "it is missing: the module is a server, and not a program"}
	}
	p, err := s.newProgram()
	if err != nil {
		return nil, err
	}
	p.loop.CallFromThread(func() {
		i, err := s.fresh(s.shardOf(p.loop))
		if err != nil {
			p.finish(err)
			return
		}
		p.inst, i.exit, i.alone = i, p, true
		i.begin()
	})
	return p, nil
}

// Connect dials a client endpoint string and runs the service's module as a program on that connection, with which it
// ends. Otherwise it is like Exec; the error can also be the reason why there was no connection.
func (s *Service) Connect(ctx context.Context, text string) (status int, err error) {
	p, err := s.StartConnect(text)
	if err != nil {
		return 0, err
	}
	status, err = p.Wait(ctx)
	if r := protocol.Reason(0); errors.As(err, &r) {
		err = fmt.Errorf("%s: %w", text, err)
	}
	return status, err
}

// StartConnect is Connect without waiting for the end.
func (s *Service) StartConnect(text string) (*Program, error) {
	e, err := endpoint.ParseClient(text)
	if err != nil {
		return nil, err
	}
	p, err := s.newProgram()
	if err != nil {
		return nil, err
	}
	s.trust(e)
	p.loop.CallFromThread(func() {
		if _, err := p.loop.ConnectEndpoint(e, s.wrapped(&rootDial{svc: s, program: p})); err != nil {
			p.finish(err)
		}
	})
	return p, nil
}

func (s *Service) newProgram() (*Program, error) {
	if !s.program {
		return nil, errors.New("the service is not set up as a program (ServiceConfig.Program)")
	}
	return &Program{loop: s.home(), done: make(chan struct{})}, nil
}

// Done is closed when the program has ended; Wait then returns at once.
func (p *Program) Done() <-chan struct{} { return p.done }

// Wait returns when the program has ended: with its status, or the error that [Service.Exec] documents. It ends the
// program when ctx ends. It must not be called on a loop.
func (p *Program) Wait(ctx context.Context) (status int, err error) {
	select {
	case <-p.done:
	case <-ctx.Done():
		p.loop.CallFromThread(func() {
			if i := p.inst; i != nil {
				i.cutShort(protocol.ErrShutdown)
				if !i.running {
					i.fail(protocol.ErrShutdown)
					i.idle()
				}
			}
		})
		return 0, context.Cause(ctx)
	}
	return p.status, p.err
}

// stop ends the program when the event that asked for it has returned.
func (p *Program) stop(status int) {
	p.stopping = true
	p.status = status
	p.inst.postpone(p.closeAll)
}

// closeAll closes what the guest has open, after flushing.
func (p *Program) closeAll() (here bool) {
	p.inst.handles.All(func(h int32, r resource) bool {
		if c, ok := r.(*conn); ok && c.t != nil {
			if c.state&connLosing == 0 {
				c.why = protocol.ErrShutdown
				c.state |= connWhy
				c.lose()
			}
			return true
		}
		r.discard()
		return true
	})
	return true
}

// over ends the program if nothing keeps it.
func (p *Program) over() bool {
	select {
	case <-p.done:
		return true
	default:
	}
	i := p.inst
	switch {
	case i.end != nil:
		if status, ok := exited(i.end); ok {
			p.status = status
			p.finish(nil)
		} else {
			p.finish(i.end)
		}
	case p.stopping && i.conns == 0, !p.stopping && !i.pending(), !i.alone && i.conns == 0:
		p.finish(nil)
	default:
		return false
	}
	return true
}

func (p *Program) finish(err error) {
	p.err = err
	close(p.done)
}

// A rootDial is the attempt to connect a program.
type rootDial struct {
	svc     *Service
	program *Program
}

var _ protocol.ClientFactory = (*rootDial)(nil)

// BuildProtocol implements [protocol.Factory].
func (d *rootDial) BuildProtocol(protocol.Address) protocol.Protocol {
	c, p := d.svc.newConn(connRoot)
	c.exit = d.program
	return p
}

// StartedConnecting implements [protocol.ClientFactory].
func (d *rootDial) StartedConnecting(protocol.Connector) {}

// ClientConnectionFailed implements [protocol.ClientFactory].
func (d *rootDial) ClientConnectionFailed(_ protocol.Connector, reason error) {
	d.program.finish(reason)
}

// ClientConnectionLost implements [protocol.ClientFactory].
func (d *rootDial) ClientConnectionLost(protocol.Connector, error) {}
