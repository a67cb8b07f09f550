//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

var platformBackends = []namedBackend{{"kqueue", fdBackend{}}, {"net", netBackend{}}}

func (fdBackend) newPoller(epoch time.Time) (poller, error) { return newKqueue(epoch) }

// kqueue is a poller on kqueue, level-triggered. Its goroutine blocks in kevent; a pipe wakes it.
type kqueue struct {
	fd     int
	epoch  time.Time // the zero of until
	pipe   [2]int
	events [maxEvents]unix.Kevent_t
	keys   []key // by descriptor: events carry no number that is ours on all of these systems
	state  atomic.Int32
	mu     sync.Mutex // keeps wake from writing to a pipe that is being closed
}

// maxEvents is the most events that one call asks for.
const maxEvents = 256

var _ fdPoller = (*kqueue)(nil)

func newKqueue(epoch time.Time) (*kqueue, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, os.NewSyscallError("kqueue", err)
	}
	unix.CloseOnExec(fd)
	p := &kqueue{fd: fd, epoch: epoch, pipe: [2]int{-1, -1}}
	if err := unix.Pipe(p.pipe[:]); err != nil {
		p.close()
		return nil, os.NewSyscallError("pipe", err)
	}
	for _, end := range p.pipe {
		unix.CloseOnExec(end)
		if err := unix.SetNonblock(end, true); err != nil {
			p.close()
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	if err := p.change(p.pipe[0], key{}, 0, interestRead); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *kqueue) wait(events []event, until int64) []event {
	var timeout *unix.Timespec
	if until != pollForever {
		ts := unix.NsecToTimespec(max(0, until-int64(time.Since(p.epoch))))
		timeout = &ts
	}
	if until != pollNow && !p.state.CompareAndSwap(pollerAwake, pollerParked) {
		timeout = &unix.Timespec{}
	}
	n, err := unix.Kevent(p.fd, nil, p.events[:], timeout)
	if err != nil {
		n = 0 // interrupted: wait may return early
	}
	p.state.Store(pollerAwake)
	for i := range n {
		e := &p.events[i]
		fd := int(e.Ident)
		if fd == p.pipe[0] {
			var drain [64]byte
			// Whatever is left makes the next wait return at once, too.
			_, _ = unix.Read(fd, drain[:])
			continue
		}
		what := interestRead
		if e.Filter == unix.EVFILT_WRITE {
			what = interestWrite
		}
		events = append(events, event{p.keys[fd], what})
	}
	return events
}

func (p *kqueue) wake() {
	if p.state.Swap(pollerWoken) == pollerParked {
		p.mu.Lock()
		defer p.mu.Unlock()
		// Fails only when the loop has ended, or when the pipe is full of wake-ups already.
		_, _ = unix.Write(p.pipe[1], []byte{0})
	}
}

func (p *kqueue) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, fd := range []*int{&p.fd, &p.pipe[0], &p.pipe[1]} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
}

func (p *kqueue) change(fd int, k key, from, to interest) error {
	for fd >= len(p.keys) {
		p.keys = append(p.keys, key{})
	}
	p.keys[fd] = k
	var changes [2]unix.Kevent_t
	n := 0
	for _, f := range []struct {
		filter int
		bit    interest
	}{{unix.EVFILT_READ, interestRead}, {unix.EVFILT_WRITE, interestWrite}} {
		switch {
		case to&f.bit != 0 && from&f.bit == 0:
			unix.SetKevent(&changes[n], fd, f.filter, unix.EV_ADD)
			n++
		case to&f.bit == 0 && from&f.bit != 0:
			unix.SetKevent(&changes[n], fd, f.filter, unix.EV_DELETE)
			n++
		}
	}
	if n == 0 {
		return nil
	}
	_, err := unix.Kevent(p.fd, changes[:n], nil, nil)
	return os.NewSyscallError("kevent", err)
}
