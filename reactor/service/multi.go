package service

import (
	"errors"
	"slices"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// MultiService is a service made of others, its children.
type MultiService struct {
	Base
	clock    protocol.Clock
	children []Service
}

var _ Service = (*MultiService)(nil)

// NewMultiService returns a MultiService without children. clock is the loop that it belongs to.
func NewMultiService(clock protocol.Clock) *MultiService { return &MultiService{clock: clock} }

// AddService makes s a child, and starts it if the MultiService is running. When it does not start it is no child, and
// the error is that of StartService. Otherwise it is [ErrHasParent], [ErrDuplicateName] or [ErrCycle].
func (m *MultiService) AddService(s Service) error {
	b := s.base()
	if b.parent != nil {
		return ErrHasParent
	}
	if b.name != "" && m.Service(b.name) != nil {
		return ErrDuplicateName
	}
	for up := m; up != nil; up = up.parent {
		if b == &up.Base {
			return ErrCycle
		}
	}
	b.parent = m
	m.children = append(m.children, s)
	if !m.running || b.running {
		return nil
	}
	if err := s.StartService(); err != nil {
		m.disown(s)
		return failed(s, err)
	}
	return nil
}

// RemoveService stops the child s if it is running, and makes it a child no longer, at once. The Deferred is that of
// StopService. It fails with [ErrNotChild].
func (m *MultiService) RemoveService(s Service) *deferred.Deferred[deferred.Unit] {
	if s.Parent() != m {
		return deferred.Fail[deferred.Unit](m.clock, ErrNotChild)
	}
	m.disown(s)
	return m.stop([]Service{s})
}

func (m *MultiService) disown(s Service) {
	s.base().parent = nil
	m.children = slices.DeleteFunc(m.children, func(other Service) bool { return other == s })
}

// Service returns the child of that name, or nil.
func (m *MultiService) Service(name string) Service {
	for _, s := range m.children {
		if name != "" && s.Name() == name {
			return s
		}
	}
	return nil
}

// Services returns the children, in the order in which they were added.
func (m *MultiService) Services() []Service { return slices.Clone(m.children) }

// StartService implements [Service]. The children are started in order. When one does not start, those that were
// started before it are stopped again, and an error that names it is returned.
func (m *MultiService) StartService() error {
	_ = m.Base.StartService()
	var started []Service
	for _, s := range m.Services() {
		if s.Running() || s.Parent() != m {
			continue // it was started by hand, or taken away by another child
		}
		if err := s.StartService(); err != nil {
			_ = m.Base.StopService()
			m.stop(started)
			return failed(s, err)
		}
		started = append(started, s)
	}
	return nil
}

// StopService implements [Service]. The children are stopped in the reverse of their order, none waiting for another.
// The Deferred fires when all have stopped, and fails with all the errors that there were.
func (m *MultiService) StopService() *deferred.Deferred[deferred.Unit] {
	_ = m.Base.StopService()
	return m.stop(m.Services())
}

// stop stops those of services that run, from the last to the first.
func (m *MultiService) stop(services []Service) *deferred.Deferred[deferred.Unit] {
	all := deferred.New[deferred.Unit](m.clock)
	var errs []error
	left := 1 // this function
	finish := func() {
		if left--; left > 0 {
			return
		}
		if err := errors.Join(errs...); err != nil {
			_ = all.Errback(err) // only a Cancel can have been first, which forgives this
		} else {
			_ = all.Callback(deferred.Unit{})
		}
	}
	for _, s := range slices.Backward(services) {
		if !s.Running() {
			continue
		}
		d := s.StopService()
		if d == nil {
			continue
		}
		left++
		d.Handle(func(_ deferred.Unit, err error) {
			if err != nil {
				errs = append(errs, failed(s, err))
			}
			finish()
		})
	}
	finish()
	return all
}
