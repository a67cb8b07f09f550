package reactor

import (
	"cmp"
	"io"
	"net"
	"sync"
	"syscall"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// netSocket makes a blocking connection look like a non-blocking one. One goroutine reads ahead, a buffer full at most;
// another one lives while there is something to be written. Both leave word in the loop's inbox.
type netSocket struct {
	conn net.Conn
	room *sync.Cond // of mu: in was taken, or the socket was closed

	mu      sync.Mutex
	loop    *Loop
	key     key
	wanted  interest
	reading bool   // the reading goroutine was started
	in      []byte // what it has read
	inErr   error  // what it ended with
	out     []byte // what the writing goroutine writes
	outErr  error
	broken  error // nobody reads any more what is written; what was read and not taken is of no use
	closed  bool
}

// A hangupWaiter is a connection that can tell that nobody reads any more what is written to it. AwaitHangup returns nil
// then, and an error when it will not be told.
type hangupWaiter interface {
	AwaitHangup() error
}

const (
	// firstAhead is the size of the reading goroutine's buffer, which doubles up to maxAhead whenever it is filled.
	firstAhead = 2 << 10
	maxAhead   = 64 << 10
	// maxOut is how much is taken to be written at a time, and idleOut how much memory a socket keeps for that.
	maxOut  = 64 << 10
	idleOut = 4 << 10
)

var _ socket = (*netSocket)(nil)

func newNetSocket(conn net.Conn) *netSocket {
	s := &netSocket{conn: conn}
	s.room = sync.NewCond(&s.mu)
	return s
}

func (s *netSocket) attach(l *Loop, h handler) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.loop != nil {
		l.slots.replace(s.key, h)
		return nil
	}
	s.loop, s.key = l, l.slots.take(h)
	return nil
}

func (s *netSocket) want(i interest) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wanted == i {
		return nil
	}
	s.wanted = i
	if i&interestRead != 0 && !s.reading {
		s.reading = true
		s.loop.reactor.spawn(s.readAhead)
		if w, ok := s.conn.(hangupWaiter); ok {
			s.loop.reactor.spawn(func() { s.awaitHangup(w) })
		}
	}
	s.tell(interestRead | interestWrite)
	return nil
}

// tell has the loop told what of i holds. mu is held.
func (s *netSocket) tell(i interest) {
	var holds interest
	if len(s.in) > 0 || s.inErr != nil {
		holds |= interestRead
	}
	if len(s.out) == 0 || s.outErr != nil {
		holds |= interestWrite
	}
	holds &= i & s.wanted
	if s.wanted != 0 && s.hungUpFor() != nil {
		holds |= interestRead
	}
	if holds != 0 && !s.closed {
		s.loop.notify(s.key, holds)
	}
}

func (s *netSocket) awaitHangup(w hangupWaiter) {
	if w.AwaitHangup() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = syscall.EPIPE
	s.tell(interestRead)
}

func (s *netSocket) readAhead() {
	buf := make([]byte, firstAhead)
	for {
		n, err := s.conn.Read(buf)
		s.mu.Lock()
		s.in, s.inErr = buf[:n], err
		s.tell(interestRead)
		for len(s.in) > 0 && !s.closed {
			s.room.Wait()
		}
		ended := s.closed || err != nil
		s.mu.Unlock()
		if ended {
			return
		}
		if n == len(buf) && n < maxAhead {
			buf = make([]byte, 2*n)
		}
	}
}

func (s *netSocket) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return 0, s.broken
	}
	if len(s.in) == 0 {
		if s.inErr != nil && s.inErr != io.EOF {
			return 0, s.inErr
		}
		if s.inErr != nil {
			return 0, io.EOF
		}
		return 0, errAgain
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	if len(s.in) == 0 {
		s.room.Signal()
	}
	s.tell(interestRead)
	return n, nil
}

func (s *netSocket) write(p []byte) (int, error) { return s.writev([][]byte{p}) }

func (s *netSocket) writev(v [][]byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.outErr != nil {
		return 0, s.outErr
	}
	if len(s.out) > 0 {
		return 0, errAgain
	}
	for _, p := range v {
		s.out = append(s.out, p[:min(len(p), maxOut-len(s.out))]...)
	}
	if len(s.out) > 0 {
		s.loop.reactor.spawn(s.writeOut)
	}
	return len(s.out), nil
}

func (s *netSocket) writeOut() {
	_, err := s.conn.Write(s.out)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outErr = err
	if cap(s.out) > idleOut {
		s.out = nil
	}
	s.out = s.out[:0]
	s.tell(interestWrite)
}

func (s *netSocket) unsent() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.out)
}

func (s *netSocket) closeWrite() error {
	if c, ok := s.conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return protocol.ErrUnsupported
}

// failure implements [socket]. What package net knows it has told as the errors of reading and writing.
func (s *netSocket) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := cmp.Or(s.outErr, s.broken); err != nil {
		return err
	}
	if s.inErr != io.EOF {
		return s.inErr
	}
	return nil
}

// hungUp implements [socket]. The leaving of a peer of package net that has closed its sending side before shows when
// something is written.
func (s *netSocket) hungUp() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hungUpFor() != nil
}

func (s *netSocket) lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.in) > 0 {
		return s.broken
	}
	return s.hungUpFor()
}

// hungUpFor is the error that the connection has broken with. mu is held.
func (s *netSocket) hungUpFor() error {
	err := cmp.Or(s.broken, s.outErr)
	if err == nil && len(s.in) == 0 && s.inErr != io.EOF {
		err = s.inErr
	}
	return err
}

func (s *netSocket) localAddr() protocol.Address { return fromNet(s.conn.LocalAddr()) }

func (s *netSocket) setNoDelay(on bool) error {
	if c, ok := s.conn.(*net.TCPConn); ok {
		return c.SetNoDelay(on)
	}
	return nil
}

func (s *netSocket) setKeepAlive(on bool) error {
	if c, ok := s.conn.(*net.TCPConn); ok {
		return c.SetKeepAlive(on)
	}
	return nil
}

func (s *netSocket) control(f func(fd uintptr)) error {
	c, ok := s.conn.(syscall.Conn)
	if !ok {
		return protocol.ErrUnsupported
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}

func (s *netSocket) close(reset bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if c, ok := s.conn.(*net.TCPConn); ok && reset {
		// Without this option the close is an ordinary one, which is all that the peer loses.
		_ = c.SetLinger(0)
	}
	s.conn.Close()
	s.room.Signal()
	if s.loop != nil {
		s.loop.slots.release(s.key)
	}
}
