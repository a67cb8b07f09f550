// Package filelock has locks that processes of one machine share, by the name of a file (Twisted's
// DeferredFilesystemLock).
//
//	lock := filelock.New(loop, "/run/app.lock")
//	lock.DeferUntilLocked(10 * time.Second).Handle(func(_ deferred.Unit, err error) { ... })
//
// It is the operating system's lock of the file (flock, LockFileEx): it ends with the process that holds it, however that
// ends. Twisted's is a symbolic link with a process number in it, which outlives its process and is taken from whoever
// has got that number since.
package filelock

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/internal/flock"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// DefaultInterval is the time between two attempts.
const DefaultInterval = time.Second

// Errors of a Lock.
var (
	// ErrAlreadyTrying is what DeferUntilLocked fails with while an earlier call waits (Twisted's
	// AlreadyTryingToLockError).
	ErrAlreadyTrying = errors.New("the lock is waited for already")
	// ErrNotLocked is what Unlock returns for a lock that is not held.
	ErrNotLocked = errors.New("the lock is not held")
)

// Lock is one holder's view of the lock: another Lock of the same name contends with it, in this process too. It is used
// on the loop of its clock only.
type Lock struct {
	// Interval is the time between two attempts of DeferUntilLocked.
	Interval time.Duration

	clock   protocol.Clock
	name    string
	file    *os.File // while it is held
	clean   bool
	waiting *deferred.Deferred[deferred.Unit] // of DeferUntilLocked, or nil
	next    protocol.DelayedCall              // the next attempt
	giveUp  protocol.DelayedCall              // or nil
}

// New returns a lock by the name of a file. The file is made when it is needed, and stays: were it removed, one process
// could lock it and another one its successor.
func New(clock protocol.Clock, name string) *Lock {
	return &Lock{Interval: DefaultInterval, clock: clock, name: name}
}

// Locked reports whether this Lock holds the lock.
func (l *Lock) Locked() bool { return l.file != nil }

// Clean reports whether whoever held the lock before has given it up by itself, and not with the end of its process. It
// is of meaning while the lock is held.
func (l *Lock) Clean() bool { return l.clean }

// TryLock takes the lock if nobody has it, and reports whether it did. The error is that of the file.
func (l *Lock) TryLock() (bool, error) {
	if l.file != nil {
		return false, nil
	}
	f, err := os.OpenFile(l.name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, err
	}
	if err = flock.Lock(f); err == nil {
		err = l.sign(f)
	}
	if err != nil {
		f.Close()
		if errors.Is(err, flock.ErrLocked) {
			return false, nil
		}
		return false, fmt.Errorf("lock %s: %w", l.name, err)
	}
	l.file = f
	return true, nil
}

// sign leaves the process's number in the file, for people and for who finds it there without its process.
func (l *Lock) sign(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	l.clean = info.Size() == 0
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// Unlock gives the lock up.
func (l *Lock) Unlock() error {
	f := l.file
	if f == nil {
		return ErrNotLocked
	}
	l.file = nil
	return errors.Join(f.Truncate(0), f.Close())
}

// DeferUntilLocked returns a Deferred that fires when this Lock holds the lock, which may be at once. It fails with
// [ErrAlreadyTrying], with an error of the file, or with one that wraps a [deferred.TimeoutError] if nobody has given the
// lock up in time; a timeout of 0 is none. Cancelling it ends the waiting.
func (l *Lock) DeferUntilLocked(timeout time.Duration) *deferred.Deferred[deferred.Unit] {
	if l.waiting != nil {
		return deferred.Fail[deferred.Unit](l.clock, fmt.Errorf("lock %s: %w", l.name, ErrAlreadyTrying))
	}
	d := deferred.NewCancellable(l.clock, func(*deferred.Deferred[deferred.Unit]) { l.stopWaiting() })
	l.waiting = d
	if timeout > 0 {
		l.giveUp = l.clock.CallLater(timeout, func() {
			l.stopWaiting()
			d.Errback(fmt.Errorf("lock %s: %w", l.name, &deferred.TimeoutError{After: timeout}))
		})
	}
	l.try()
	return d
}

// try makes an attempt, and has the next one made if it fails.
func (l *Lock) try() {
	l.next = nil
	locked, err := l.TryLock()
	if err == nil && !locked {
		l.next = l.clock.CallLater(l.Interval, l.try)
		return
	}
	d := l.waiting
	l.stopWaiting()
	if err != nil {
		d.Errback(err)
	} else {
		d.Callback(deferred.Unit{})
	}
}

func (l *Lock) stopWaiting() {
	l.waiting = nil
	for _, call := range []*protocol.DelayedCall{&l.next, &l.giveUp} {
		if *call != nil && (*call).Active() {
			// It is active, and so can be cancelled.
			_ = (*call).Cancel()
		}
		*call = nil
	}
}
