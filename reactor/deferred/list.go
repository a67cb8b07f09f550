package deferred

import (
	"fmt"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Outcome is what became of one member of a list.
type Outcome[T any] struct {
	Value T     // zero if Err is not nil
	Err   error // nil if the member has a value
}

// ListOptions say when a [List] fires, apart from when the last of its members has.
type ListOptions struct {
	// FireOnOneCallback fires the list as soon as one member has a value.
	FireOnOneCallback bool
	// FireOnOneErrback fails the list with a [*FirstError] as soon as one member fails.
	FireOnOneErrback bool
	// ConsumeErrors takes the members' errors as handled; the members then go on with a zero value. Without it an
	// error stays with its member, and is reported if nobody handles it there.
	ConsumeErrors bool
}

// ListResult is the value of a [List].
type ListResult[T any] struct {
	// Outcomes has one element for each member, in the order of the members. With FireOnOneCallback those of members
	// that have not fired are zero.
	Outcomes []Outcome[T]
	// First is the index of the member that fired the list by FireOnOneCallback, else -1.
	First int
}

// FirstError is what a list fails with, and [Gather].
type FirstError struct {
	Index int   // of the member that failed
	Err   error // the member's
}

func (e *FirstError) Error() string { return fmt.Sprintf("number %d of the list: %v", e.Index, e.Err) }

// Unwrap returns the member's error.
func (e *FirstError) Unwrap() error { return e.Err }

// List returns a Deferred that fires when all members have fired, or earlier as o says. Members keep their values.
// Without members it fires at once, unless FireOnOneCallback is set: then it never does. Cancelling it cancels the
// members, and what becomes of them decides what becomes of the list.
func List[T any](clock protocol.Clock, o ListOptions, members ...*Deferred[T]) *Deferred[ListResult[T]] {
	return list(clock, o, members, 1)
}

func list[T any](clock protocol.Clock, o ListOptions, members []*Deferred[T], skip int) *Deferred[ListResult[T]] {
	d := create(clock, cancelAll[ListResult[T]](members), skip+1)
	d.patient = true
	join(d, o, members)
	return d
}

func join[T any](d *Deferred[ListResult[T]], o ListOptions, members []*Deferred[T]) {
	result := ListResult[T]{Outcomes: make([]Outcome[T], len(members)), First: -1}
	if len(members) == 0 && !o.FireOnOneCallback {
		d.Callback(result)
		return
	}
	left := len(members)
	for i, member := range members {
		member.AddBoth(func(value T, err error) (T, error) {
			result.Outcomes[i] = Outcome[T]{value, err}
			left--
			switch {
			case d.fired:
			case err == nil && o.FireOnOneCallback:
				result.First = i
				fired := result
				fired.Outcomes = append([]Outcome[T](nil), result.Outcomes...)
				d.Callback(fired)
			case err != nil && o.FireOnOneErrback:
				d.Errback(&FirstError{i, err})
			case left == 0:
				d.Callback(result)
			}
			if o.ConsumeErrors {
				err = nil
			}
			return value, err
		})
	}
}

// Gather returns a Deferred of all values, in the order of the members. The first error fails it, as a [*FirstError];
// further ones are dropped: a [List] keeps them all. Cancelling it cancels the members.
func Gather[T any](clock protocol.Clock, members ...*Deferred[T]) *Deferred[[]T] {
	all := list(clock, ListOptions{FireOnOneErrback: true, ConsumeErrors: true}, members, 1)
	return then(all, func(r ListResult[T]) ([]T, error) {
		values := make([]T, len(r.Outcomes))
		for i, o := range r.Outcomes {
			values[i] = o.Value
		}
		return values, nil
	}, 1)
}

func cancelAll[R, T any](members []*Deferred[T]) func(*Deferred[R]) {
	return func(*Deferred[R]) {
		for _, m := range members {
			m.Cancel()
		}
	}
}
