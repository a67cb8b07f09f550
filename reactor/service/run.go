package service

import (
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
)

// Run runs r, and s on it: see [Attach]. It returns when r has ended, with the error of s if that did not start, else
// with that of [reactor.Reactor.Run].
func Run(r *reactor.Reactor, s Service) error {
	var failure error
	err := attach(r, s, func(err error) *deferred.Deferred[deferred.Unit] {
		failure = err
		return nil
	})
	if err != nil {
		return err
	}
	if err := r.Run(); err != nil {
		return err
	}
	return failure
}

// Attach has s started on loop 0 during the startup of r, and stopped before its shutdown, which goes on when the
// Deferred of StopService has fired. If s does not start, the error is logged and r is stopped. Attach itself fails with
// [reactor.ErrPhasePassed] if r has begun already.
func Attach(r *reactor.Reactor, s Service) error {
	return attach(r, s, func(err error) *deferred.Deferred[deferred.Unit] {
		return deferred.Fail[deferred.Unit](r.Loops()[0], err)
	})
}

// attach is Attach. What is to be done about an error of StartService is up to report.
func attach(r *reactor.Reactor, s Service, report func(error) *deferred.Deferred[deferred.Unit]) error {
	stopping := false
	_, err := r.AddSystemEventTrigger(reactor.During, reactor.Startup, func() *deferred.Deferred[deferred.Unit] {
		if stopping {
			return nil
		}
		err := s.StartService()
		if err == nil {
			return nil
		}
		_ = r.Stop() // unless it is stopping already
		return report(err)
	})
	if err != nil {
		return err
	}
	_, err = r.AddSystemEventTrigger(reactor.Before, reactor.Shutdown, func() *deferred.Deferred[deferred.Unit] {
		stopping = true
		if !s.Running() {
			return nil
		}
		return s.StopService()
	})
	return err
}
