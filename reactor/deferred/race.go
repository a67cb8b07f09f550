package deferred

import (
	"strconv"
	"strings"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Winner is the value of a [Race].
type Winner[T any] struct {
	Index int // of the member that was first
	Value T   // the member's
}

// GroupError is what a [Race] without a winner fails with: the error of every member, in their order.
type GroupError struct {
	Errs []error // one for each member
}

func (e *GroupError) Error() string {
	var b strings.Builder
	b.WriteString("all " + strconv.Itoa(len(e.Errs)) + " failed")
	for i, err := range e.Errs {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(err.Error())
	}
	return b.String()
}

// Unwrap returns the members' errors.
func (e *GroupError) Unwrap() []error { return e.Errs }

// Race returns a Deferred of the first value that a member has, and cancels the other members. It fails with a
// [*GroupError] when all have failed. The members' errors are handled thereby. Without members it never fires.
// Cancelling it cancels the members.
func Race[T any](clock protocol.Clock, members ...*Deferred[T]) *Deferred[Winner[T]] {
	d := create(clock, cancelAll[Winner[T]](members), 1)
	errs := make([]error, len(members))
	left := len(members)
	decided := false
	for i, member := range members {
		member.Handle(func(value T, err error) {
			left--
			errs[i] = err
			switch {
			case decided:
			case err == nil:
				// The losers first, so that none of them is still at work when the winner is announced.
				decided = true
				for j, m := range members {
					if j != i {
						m.Cancel()
					}
				}
				d.Callback(Winner[T]{i, value})
			case left == 0:
				decided = true
				d.Errback(&GroupError{errs})
			}
		})
	}
	return d
}
