package service

import (
	"errors"
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// Service is a part of a program that is started and stopped (Twisted's IService). It embeds [Base].
type Service interface {
	// StartService begins. It is not called while the service runs.
	StartService() error
	// StopService ends, and returns a Deferred that fires when nothing is left under way, or nil if nothing is. It is
	// called only while the service runs.
	StopService() *deferred.Deferred[deferred.Unit]
	// Name is how its parent knows it; empty: not by name.
	Name() string
	// Parent is the MultiService that it is part of, or nil.
	Parent() *MultiService
	// Running reports whether it has been started, and not stopped since.
	Running() bool

	base() *Base
}

var (
	// ErrHasParent is what AddService and SetName fail with on a service that is part of a MultiService.
	ErrHasParent = errors.New("service: it has a parent already")
	// ErrDuplicateName is what AddService fails with when there is a child of that name.
	ErrDuplicateName = errors.New("service: the name is taken")
	// ErrNotChild is what RemoveService fails with on a service that is not a child.
	ErrNotChild = errors.New("service: it is not a child")
	// ErrCycle is what AddService fails with on the service itself and on those that it is part of.
	ErrCycle = errors.New("service: a service cannot be part of itself")
)

// Base is what every [Service] has in common. The zero value is one that does not run, without a name.
type Base struct {
	name    string
	parent  *MultiService
	running bool
}

func (b *Base) base() *Base { return b }

// Name implements [Service].
func (b *Base) Name() string { return b.name }

// SetName gives the service a name, before it is added to a parent. It fails with [ErrHasParent] after that.
func (b *Base) SetName(name string) error {
	if b.parent != nil {
		return ErrHasParent
	}
	b.name = name
	return nil
}

// Parent implements [Service].
func (b *Base) Parent() *MultiService { return b.parent }

// Running implements [Service].
func (b *Base) Running() bool { return b.running }

// StartService implements [Service]: the service is running from now on. The error is nil.
func (b *Base) StartService() error {
	b.running = true
	return nil
}

// StopService implements [Service]: the service is not running any more. It returns nil.
func (b *Base) StopService() *deferred.Deferred[deferred.Unit] {
	b.running = false
	return nil
}

// failed says which service an error is of.
func failed(s Service, err error) error {
	if name := s.Name(); name != "" {
		return fmt.Errorf("service %q: %w", name, err)
	}
	return fmt.Errorf("service (%T): %w", s, err)
}
