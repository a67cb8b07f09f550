// Package deferred has outcomes that arrive later: [Deferred], typed, with everything Twisted builds on it.
//
//	d := deferred.Resolve(r, "example.com")                    // *Deferred[[]string]
//	n := deferred.Then(d, func(a []string) (int, error) {      // *Deferred[int]: a new value of another type
//		return len(a), nil
//	})
//	n.AddTimeout(r, 5*time.Second)
//	n.Handle(func(n int, err error) { ... })                   // the end of the matter
//
// Whoever starts an operation makes a Deferred with [New] and fires it once, with Callback or Errback. Whoever asked
// for the operation hangs functions onto it. Methods (AddCallback, AddErrback, AddBoth, AddDeferredCallback) work like
// Twisted's and return the same Deferred, whose type stays; the functions [Then], [ThenBoth] and [ThenDeferred] return
// a new Deferred, of any type. Every function runs on the loop, never inside another function of the same Deferred, and
// chains of any length need no stack.
//
// # Straight-line code
//
// [Go] runs a function as a coroutine of the loop, in which [Await] waits for a Deferred:
//
//	d := deferred.Go(r, func(co *deferred.Coroutine) (int, error) {
//		addresses, err := deferred.Await(co, deferred.Resolve(r, "example.com"))
//		...
//	})
//
// It is the same natively and in a single-threaded guest, and it is no thread: between two waits nothing else of the
// loop runs.
//
// # Cancelling
//
// Cancel says that nobody wants the outcome any more. It goes up the chain to the operation that is under way, whose
// canceller stops it; the error [ErrCancelled] then comes down the chain like any other. An operation without a
// canceller is left to run, and its one Callback or Errback is swallowed.
//
// # Errors that nobody handles
//
// An error is handled when an errback (AddErrback, AddBoth, Handle, Await) has taken it, or when it was handed over to
// another Deferred (Then, a returned Deferred, a list). An error that is left at the end of a Deferred's steps when the
// turn of the loop ends is reported, once, with the place in the source where the Deferred was made. When that is
// does not depend on the garbage collector:
//
//   - with a clock that is [Scoped], as the reactor's loops and guests are, when the turn in which it got there ends;
//   - with any other clock, in the clock's next iteration (CallLater with a delay of zero);
//   - with a nil clock, at once: add the errbacks before firing.
//
// [ErrCancelled] is never reported: somebody asked for it. Programs that want the reports elsewhere than in package log
// use [SetReporter].
//
// # Panics
//
// A panic in a callback is not turned into an error. It passes through to the loop, which ends the connection that it
// was serving; the Deferreds involved stay usable.
//
// # Goroutines
//
// Nothing here locks. A Deferred, and everything made of it, belongs to one loop; other goroutines hand their result
// over with the reactor's CallFromThread.
package deferred
