package reactor

import (
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

var platformBackends = []namedBackend{{"epoll", fdBackend{}}, {"net", netBackend{}}}

func (fdBackend) newPoller(epoch time.Time) (poller, error) { return newEpoll(epoch) }

// epoll is a poller on epoll, level-triggered.
//
// The epoll descriptor is itself watched by Go's own poller: an idle loop is parked like any goroutine and holds
// neither a thread nor a processor, which a goroutine blocked in epoll_wait does until the scheduler takes them away.
// Timers and wake-ups from other goroutines are the read deadline of that descriptor: exact to the nanosecond, and
// without a system call.
type epoll struct {
	fd     int
	file   *os.File
	raw    syscall.RawConn
	try    func(uintptr) bool // tryWait
	epoch  time.Time          // the zero of until
	events [maxEvents]unix.EpollEvent
	n      int   // of events
	until  int64 // how long wait may take
	// armed is the deadline that file has, pollForever if none; expired says that it has passed.
	armed   int64
	expired bool
	state   atomic.Int32
}

// maxEvents is the most events that one call asks for.
const maxEvents = 256

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

var _ fdPoller = (*epoll)(nil)

func newEpoll(epoch time.Time) (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	p := &epoll{fd: fd, file: os.NewFile(uintptr(fd), "epoll"), epoch: epoch, armed: pollForever}
	p.try = p.tryWait
	p.raw, err = p.file.SyscallConn()
	if err == nil {
		err = p.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		p.file.Close()
		return nil, fmt.Errorf("an epoll descriptor cannot be watched here (backend \"net\" works): %w", err)
	}
	return p, nil
}

func (p *epoll) wait(events []event, until int64) []event {
	p.n = 0
	p.until = until
	if until == pollNow {
		p.n = p.poll()
	} else {
		if p.expired {
			p.arm(until)
		}
		if err := p.raw.Read(p.try); err != nil {
			// Woken, or the time is up. Events can wait for the next call, which asks for them before it waits.
			p.n = 0
			p.expired = true
		}
	}
	p.state.Store(pollerAwake)
	for i := range p.n {
		e := &p.events[i]
		events = append(events, event{key{uint32(e.Fd), uint32(e.Pad)}, readiness(e.Events)})
	}
	return events
}

// tryWait is called by Go's poller, before the goroutine parks and whenever the epoll descriptor may be readable. It
// returns false to park.
func (p *epoll) tryWait(uintptr) bool {
	if p.n = p.poll(); p.n > 0 {
		return true
	}
	if p.until != pollForever && (p.armed == pollForever || p.until < p.armed) {
		p.arm(p.until)
	}
	return !p.state.CompareAndSwap(pollerAwake, pollerParked)
}

// poll asks for events and does not wait.
func (p *epoll) poll() int {
	n, err := epollWaitNow(p.fd, p.events[:])
	if err != nil {
		return 0
	}
	return n
}

// arm sets the deadline. One that is too early does no harm, so it is not taken back before it has passed.
func (p *epoll) arm(until int64) {
	deadline := time.Time{}
	if until != pollForever {
		deadline = p.epoch.Add(time.Duration(until))
	}
	if p.file.SetReadDeadline(deadline) == nil {
		p.armed = until
		p.expired = false
	}
}

func (p *epoll) wake() {
	if p.state.Swap(pollerWoken) == pollerParked {
		// Fails only when the loop has ended.
		_ = p.file.SetReadDeadline(longAgo)
	}
}

func (p *epoll) close() { p.file.Close() }

func (p *epoll) change(fd int, k key, from, to interest) error {
	op := unix.EPOLL_CTL_MOD
	switch {
	case from == 0:
		op = unix.EPOLL_CTL_ADD
	case to == 0:
		op = unix.EPOLL_CTL_DEL
	}
	e := unix.EpollEvent{Fd: int32(k.slot), Pad: int32(k.generation)}
	if to&interestRead != 0 {
		e.Events |= unix.EPOLLIN
	}
	if to&interestWrite != 0 {
		e.Events |= unix.EPOLLOUT
	}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, fd, &e))
}

// readiness translates what epoll says. A broken connection shows when it is read or written, whichever is wanted.
func readiness(events uint32) interest {
	var what interest
	if events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		what |= interestRead
	}
	if events&(unix.EPOLLOUT|unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		what |= interestWrite
	}
	return what
}
