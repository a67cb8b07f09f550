package reactor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// netBackend makes sockets of connections of package net. Goroutines wait for them and leave word in the loop's inbox;
// the loop itself only waits for its inbox and its timers.
type netBackend struct{}

func (netBackend) newPoller(epoch time.Time) (poller, error) {
	timer := time.NewTimer(0)
	timer.Stop()
	return &parking{epoch: epoch, woken: make(chan struct{}, 1), timer: timer}, nil
}

// parking is a poller that watches nothing.
type parking struct {
	epoch time.Time
	woken chan struct{}
	timer *time.Timer
}

func (p *parking) wait(events []event, until int64) []event {
	if until == pollForever {
		<-p.woken
		return events
	}
	left := time.Duration(until) - time.Since(p.epoch)
	if until == pollNow || left <= 0 {
		select {
		case <-p.woken:
		default:
		}
		return events
	}
	p.timer.Reset(left)
	select {
	case <-p.woken:
	case <-p.timer.C:
	}
	p.timer.Stop()
	return events
}

func (p *parking) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *parking) close() {}

// noKeepAlive is what package net is given so that it does not turn keep-alive on by itself.
const noKeepAlive = -1

func (netBackend) listen(e *endpoint.Server) (acceptor, error) {
	config := net.ListenConfig{KeepAlive: noKeepAlive}
	network, address := e.Network, e.Address
	var file *socketFile
	var err error
	switch e.Network {
	case "fd":
		listener, err := inheritedListener(e.FD, e.Domain)
		if err != nil {
			return nil, fmt.Errorf("descriptor %d: %w", e.FD, err)
		}
		return newNetAcceptor(listener, nil), nil
	case "unix":
		if file, err = claim(e); err != nil {
			return nil, err
		}
	default:
		at, err := listenAddress(e)
		if err != nil {
			return nil, err
		}
		network, address = "tcp4", at.String()
		if at.Addr().Is6() {
			network = "tcp6"
		}
	}
	listener, err := config.Listen(context.Background(), network, address)
	if err != nil {
		file.remove()
		return nil, err
	}
	if l, ok := listener.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false)
	}
	if err := file.bound(); err != nil {
		listener.Close()
		file.remove()
		return nil, err
	}
	return newNetAcceptor(listener, file), nil
}

// netDial is an attempt to connect.
type netDial struct {
	stop      context.CancelFunc
	mu        sync.Mutex
	cancelled bool
	conn      net.Conn // made, and not yet given away
}

func (netBackend) dial(l *Loop, to protocol.Address, o dialOptions, done func(socket, error)) (cancel func()) {
	ctx, stop := context.WithCancel(l.reactor.ctx)
	d := &netDial{stop: stop}
	dialer := net.Dialer{KeepAlive: noKeepAlive}
	if o.bind.IsValid() && to.Network() == "tcp" {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(o.bind.AddrPort)
	}
	l.reactor.spawn(func() {
		conn, err := dialer.DialContext(ctx, to.Network(), to.String())
		if o.bind.IsValid() && err != nil && isBindError(err) {
			err = protocol.ErrConnectBind.Because(err)
		}
		d.made(conn)
		l.CallFromThread(func() {
			if d.take() {
				if err != nil {
					done(nil, err)
				} else {
					done(newNetSocket(conn), nil)
				}
			}
		})
	})
	return d.cancel
}

// isBindError reports whether it is the local address that could not be had.
func isBindError(err error) bool {
	var call *os.SyscallError
	return errors.As(err, &call) && call.Syscall == "bind"
}

// made keeps the connection until the loop takes it.
func (d *netDial) made(conn net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = conn
	if d.cancelled && conn != nil {
		conn.Close()
	}
}

// take reports whether the outcome is wanted.
func (d *netDial) take() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop()
	d.conn = nil
	return !d.cancelled
}

func (d *netDial) cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancelled = true
	d.stop()
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
}
