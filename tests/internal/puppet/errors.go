package puppet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The commands on what packages deferred and basic offer beyond a puppet's own means.
func init() {
	maps.Copy(commands, map[string]command{
		"deferred-errors": func(s *Stage, _ *Puppet, _ []string) error {
			for _, f := range []func(*Stage) error{firedTwice, cancelled, timedOut, gathered, raced, queued, stopped} {
				if err := f(s); err != nil {
					return err
				}
			}
			s.Tell("all as they should be")
			return nil
		},
		"send-file": func(s *Stage, p *Puppet, a []string) error {
			file := bytes.NewReader(pattern(number(a[0])))
			_, err := basic.SendFile(p.Transport, file, nil, func(last []byte, err error) {
				s.happened("file", fmt.Sprint(last, " ", name(err)), p)
			})
			return err
		},
		"states": func(s *Stage, p *Puppet, _ []string) error { // two, and then the end
			second := func(text []byte) basic.StringState {
				s.Tell("second " + string(text))
				return nil
			}
			h := &basic.StatefulStrings{Transport: p.Transport, State: func(text []byte) basic.StringState {
				s.Tell("first " + string(text))
				return second
			}}
			h.StringReceived([]byte("a"))
			h.StringReceived([]byte("b"))
			return nil
		},
		"too-long": func(_ *Stage, p *Puppet, _ []string) error {
			r := basic.Int8Receiver{}
			r.Transport = p.Transport
			if err := r.SendString(make([]byte, 256)); !errors.Is(err, basic.ErrStringTooLong) {
				return fmt.Errorf("a string of 256 bytes: %w", err)
			}
			return nil
		},
	})
}

// pattern is what a producer writes.
func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

// want is an error if got is not.
func want(got, target error) error {
	if !errors.Is(got, target) {
		return fmt.Errorf("%v, want %w", got, target)
	}
	return nil
}

// outcome is what a Deferred that has fired has fired with.
func outcome[T any](d *deferred.Deferred[T]) (err error) {
	d.Handle(func(_ T, e error) { err = e })
	return err
}

func firedTwice(s *Stage) error {
	d := deferred.New[int](s.Reactor)
	_ = d.Callback(1) // the first
	return want(d.Callback(2), deferred.ErrAlreadyCalled)
}

func cancelled(s *Stage) error {
	d := deferred.New[int](s.Reactor)
	d.Cancel()
	return want(outcome(d), deferred.ErrCancelled)
}

func timedOut(s *Stage) error {
	d := deferred.New[int](s.Reactor).AddTimeout(s.Reactor, time.Millisecond)
	d.Handle(func(_ int, err error) {
		if e := (*deferred.TimeoutError)(nil); !errors.As(err, &e) || !errors.Is(err, protocol.ErrTimeout) {
			s.Tell("timeout: " + name(err))
		}
	})
	return nil
}

func gathered(s *Stage) error {
	failed := deferred.New[int](s.Reactor)
	all := deferred.Gather(s.Reactor, deferred.New[int](s.Reactor), failed)
	_ = failed.Errback(io.ErrUnexpectedEOF) // it has not fired
	err := outcome(all)
	if e := (*deferred.FirstError)(nil); !errors.As(err, &e) {
		return fmt.Errorf("%v, want a FirstError", err)
	}
	return want(err, io.ErrUnexpectedEOF)
}

func raced(s *Stage) error {
	failed := deferred.New[int](s.Reactor)
	first := deferred.Race(s.Reactor, failed)
	_ = failed.Errback(io.ErrUnexpectedEOF) // it has not fired
	err := outcome(first)
	if e := (*deferred.GroupError)(nil); !errors.As(err, &e) {
		return fmt.Errorf("%v, want a GroupError", err)
	}
	return nil
}

func queued(s *Stage) error {
	q := deferred.NewQueue[int](s.Reactor, 1, 1)
	_ = q.Put(1) // there is room
	if err := want(q.Put(2), deferred.ErrQueueOverflow); err != nil {
		return err
	}
	q.Get()
	q.Get()
	return want(outcome(q.Get()), deferred.ErrQueueUnderflow)
}

func stopped(s *Stage) error {
	task := deferred.NewCooperator(s.Reactor).Cooperate(func() (*deferred.Deferred[deferred.Unit], error) { return nil, nil })
	if err := want(task.Resume(), deferred.ErrNotPaused); err != nil {
		return err
	}
	_ = task.Stop() // it works
	return want(task.Stop(), deferred.ErrTaskStopped)
}
