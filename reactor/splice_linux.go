package reactor

import (
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// relayEnd is one end of a relay in the kernel. It takes the place of the connection's protocol, and that of its layer:
// what the other end sends does not come from a protocol and is not in the connection's queue, but waits in a pipe.
type relayEnd struct {
	conn     *Conn
	original protocol.Protocol
	fd       int
	other    *relayEnd
	// pipe holds what is on its way to this end, and is nil while that is nothing.
	pipe   *pipe
	inPipe int
	// bulk says that much is on its way: little is cheaper to copy.
	bulk bool
}

var (
	_ layer             = (*relayEnd)(nil)
	_ protocol.Protocol = (*relayEnd)(nil)
)

const (
	// spliceSize is the most that one call moves, and a pipe's capacity as far as the system grants it.
	spliceSize = 1 << 20
	// maxPipes is how many pipes a loop keeps for the next relay that has something to move.
	maxPipes = 16
)

// spliceInKernel reports whether the kernel has taken over the relay.
func spliceInKernel(a, b *Conn) bool {
	x, y := newRelayEnd(a), newRelayEnd(b)
	if x == nil || y == nil {
		return false
	}
	x.other, y.other = y, x
	for _, end := range [...]*relayEnd{x, y} {
		end.conn.proto = end
		end.conn.layer = end
	}
	for _, end := range [...]*relayEnd{x, y} {
		if end.conn.flags&connEOF != 0 {
			end.other.conn.LoseWriteConnection()
		}
	}
	return true
}

// newRelayEnd returns nil for a connection that the kernel cannot relay.
func newRelayEnd(c *Conn) *relayEnd {
	s, ok := c.sock.(*fdSocket)
	if !ok || c.layer != nil {
		return nil
	}
	return &relayEnd{conn: c, original: c.proto, fd: s.fd}
}

// readable implements [layer]: what this end receives goes to the other one.
func (e *relayEnd) readable(*runner) {
	to := e.other
	if to.conn.flags&connOver != 0 || to.stuck() {
		return
	}
	n, err := to.fill(e)
	switch err {
	case nil:
		e.conn.bytesIn += uint64(n)
		to.conn.bytesOut += uint64(n)
		to.conn.flags |= connUnflushed
		to.conn.touch()
	case errAgain:
	case io.EOF:
		e.conn.flags |= connEOF
		e.conn.touch()
		to.conn.LoseWriteConnection()
	default:
		e.conn.fail(protocol.ErrConnectionLost.Because(err))
	}
}

// fill moves what from has received into e's pipe; if that is little, or no pipe can be had, into its output.
func (e *relayEnd) fill(from *relayEnd) (int, error) {
	if e.bulk && e.pipe == nil {
		e.pipe = e.conn.loop.pipes.get()
	}
	if e.pipe == nil {
		buf := e.conn.loop.buffer()
		n, err := from.conn.sock.read(buf)
		if n > 0 {
			e.conn.writeRaw(buf[:n])
		}
		e.bulk = n == len(buf)
		return n, err
	}
	n, err := spliceFD(from.fd, e.pipe.w)
	if err != nil {
		e.empty()
		return 0, err
	}
	e.inPipe = n
	e.bulk = n >= readSize/2
	return n, nil
}

// stuck reports whether this end has not sent yet what came before, and keeps the other end from reading more.
func (e *relayEnd) stuck() bool {
	if e.inPipe == 0 && e.conn.out.size == 0 {
		return false
	}
	e.other.conn.PauseReading()
	return true
}

// flush implements [layer]: it sends what is in the pipe.
func (e *relayEnd) flush() {
	c := e.conn
	c.sendQueued()
	for e.inPipe > 0 && c.flags&(connBlocked|connOver) == 0 {
		n, err := spliceFD(e.pipe.r, e.fd)
		switch {
		case err == errAgain:
			c.flags |= connBlocked
		case err == io.EOF || err != nil:
			c.fail(protocol.ErrConnectionLost.Because(err))
		default:
			e.inPipe -= n
		}
	}
	if c.flags&connOver == 0 && !e.stuck() {
		e.empty()
		e.other.conn.ResumeReading()
	}
}

// empty gives the pipe back, which holds nothing.
func (e *relayEnd) empty() {
	if e.pipe != nil && e.inPipe == 0 {
		e.conn.loop.pipes.put(e.pipe)
		e.pipe = nil
	}
}

func (e *relayEnd) buffered() int { return e.inPipe }

func (e *relayEnd) holds() bool { return false }

// write implements [layer]. A spliced connection takes no output of others.
func (e *relayEnd) write([]byte) {}

func (e *relayEnd) closeWrite() {}

func (e *relayEnd) info() (protocol.TLSInfo, bool) { return protocol.TLSInfo{}, false }

// ended implements [layer].
func (e *relayEnd) ended() {
	if e.pipe != nil && e.inPipe > 0 {
		e.pipe.close()
		e.pipe, e.inPipe = nil, 0
	}
	e.empty()
	e.other.conn.partnerLost(e.conn)
}

func (e *relayEnd) ConnectionMade(protocol.Transport) {}

func (e *relayEnd) DataReceived([]byte) {}

// ConnectionLost implements [protocol.Protocol].
func (e *relayEnd) ConnectionLost(reason error) { e.original.ConnectionLost(reason) }

// spliceFD moves what it can; it fails with errAgain or io.EOF.
func spliceFD(from, to int) (int, error) {
	for {
		n, err := unix.Splice(from, nil, to, nil, spliceSize, unix.SPLICE_F_MOVE|unix.SPLICE_F_NONBLOCK)
		switch {
		case err == nil && n > 0:
			return int(n), nil
		case err == nil:
			return 0, io.EOF
		case err == unix.EAGAIN:
			return 0, errAgain
		case err != unix.EINTR:
			return 0, os.NewSyscallError("splice", err)
		}
	}
}

// pipe is a pipe of the kernel.
type pipe struct{ r, w int }

func (p *pipe) close() {
	unix.Close(p.r)
	unix.Close(p.w)
}

// pipes is a loop's stock of empty pipes.
type pipes struct{ stock []*pipe }

// get returns nil if no pipe can be had.
func (s *pipes) get() *pipe {
	if n := len(s.stock); n > 0 {
		p := s.stock[n-1]
		s.stock = s.stock[:n-1]
		return p
	}
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return nil
	}
	p := &pipe{fds[0], fds[1]}
	if n, err := unix.FcntlInt(uintptr(p.r), unix.F_SETPIPE_SZ, spliceSize); err == nil && n >= readSize {
		return p
	}
	// A user who has many pipes gets small ones, through which less goes at a time than by copying.
	if n, err := unix.FcntlInt(uintptr(p.r), unix.F_GETPIPE_SZ, 0); err == nil && n >= readSize {
		return p
	}
	p.close()
	return nil
}

func (s *pipes) put(p *pipe) {
	if len(s.stock) == maxPipes {
		p.close()
		return
	}
	s.stock = append(s.stock, p)
}

func (s *pipes) close() {
	for _, p := range s.stock {
		p.close()
	}
	s.stock = nil
}
