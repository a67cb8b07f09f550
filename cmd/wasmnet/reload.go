package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A stage is what ports make protocols with: the service at work. Another one can take its place, for the connections to
// come; those that are there stay with the service that has them.
type stage struct {
	service atomic.Pointer[host.Service]

	mu       sync.Mutex
	number   int                   // of the service, from 1 on
	started  int                   // StartFactory less StopFactory
	previous map[int]*host.Service // the services replaced, while they may have connections
}

var (
	_ protocol.Factory = (*stage)(nil)
	_ protocol.Starter = (*stage)(nil)
	_ protocol.Stopper = (*stage)(nil)
)

func newStage(s *host.Service) *stage {
	g := &stage{number: 1, previous: map[int]*host.Service{}}
	g.service.Store(s)
	return g
}

// BuildProtocol implements [protocol.Factory].
func (s *stage) BuildProtocol(addr protocol.Address) protocol.Protocol {
	return s.service.Load().BuildProtocol(addr)
}

// StartFactory implements [protocol.Starter].
func (s *stage) StartFactory() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started++
	return s.service.Load().StartFactory()
}

// StopFactory implements [protocol.Stopper].
func (s *stage) StopFactory() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started--
	s.service.Load().StopFactory()
}

// replace puts next in the place of the service at work.
func (s *stage) replace(next *host.Service) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.service.Load()
	if was.Isolation() != next.Isolation() {
		return fmt.Errorf("its isolation is %s, and that of the module at work %s: this takes a restart", next.Isolation(), was.Isolation())
	}
	for range s.started {
		if err := next.StartFactory(); err != nil {
			return err
		}
	}
	s.service.Store(next)
	for range s.started {
		was.StopFactory()
	}
	s.forget()
	s.previous[s.number] = was
	s.number++
	return nil
}

// forget lets those services go that have no connection any more.
func (s *stage) forget() {
	for n, old := range s.previous {
		if old.Stats().Open == 0 {
			delete(s.previous, n)
		}
	}
}

// stats are those of the service at work, and of those replaced that still have connections.
func (s *stage) stats() map[int]host.Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	all := map[int]host.Stats{s.number: s.service.Load().Stats()}
	for n, old := range s.previous {
		all[n] = old.Stats()
	}
	return all
}

// reloadOnHangup loads the module anew when SIGHUP comes, until the returned function is called. That returns when no
// reload is under way.
func (r *running) reloadOnHangup() (stop func()) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-hangup:
				r.reload(ctx)
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		signal.Stop(hangup)
		cancel()
		<-done
	}
}

// reload replaces the module. What fails is logged, and the module at work stays.
func (r *running) reload(ctx context.Context) {
	next, err := r.load(ctx)
	if err == nil {
		if err = r.stage.replace(next); err != nil {
			err = errors.Join(err, next.Close())
		}
	}
	switch {
	case ctx.Err() != nil: // the program ends
	case err != nil:
		r.log.Error("not reloaded: the module at work stays", "module", r.name, "error", err)
	default:
		r.log.Info("reloaded", "module", r.name)
		for _, text := range r.datagrams {
			r.log.Warn("an endpoint for datagrams keeps the module that it began with", "module", r.name, "endpoint", text)
		}
	}
}
