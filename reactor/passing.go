package reactor

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// FileDescriptorReceiver is implemented by protocols of UNIX connections that take descriptors from their peers, behind
// any number of wrappers ([protocol.Wrapper]). Those that are sent to other protocols are closed.
type FileDescriptorReceiver interface {
	// FileDescriptorReceived hands over an open file, which the protocol closes. It is called in front of the
	// DataReceived with the byte that the descriptor was sent with, which may begin with bytes from before it.
	FileDescriptorReceived(f *os.File)
}

// maxPassed is how many descriptors may wait to be sent, and how many are received with one read.
const maxPassed = 64

// errPassedFull is why no more descriptors are taken.
var errPassedFull = fmt.Errorf("%d descriptors wait to be sent already, for bytes to go with", maxPassed)

// A fileSocket can pass descriptors.
type fileSocket interface {
	socket
	// readFiles is read; it returns the descriptors that came with the bytes, also with an error.
	readFiles(p []byte) (int, []*os.File, error)
	// writeFiles is write of at least one byte, with which files are sent.
	writeFiles(p []byte, files []outgoingFile) (int, error)
	// duplicate returns a descriptor of its own for what f is.
	duplicate(f *os.File) (*os.File, error)
}

// passing are the descriptors of a connection that are on their way.
type passing struct {
	receiver FileDescriptorReceiver // or nil
	sock     fileSocket
	out      []outgoingFile
	in       []*os.File // received, and not delivered
	data     []byte     // that comes after in
}

// outgoingFile is to be sent with the next byte after so many of those that are queued.
type outgoingFile struct {
	file  *os.File
	after int
}

// SendFileDescriptor sends a descriptor for what f is to the peer, with the next byte that is written: without one it
// stays here. f may be closed at once. It fails with [protocol.ErrUnsupported] on connections other than plain UNIX ones
// and on backend "net", with [protocol.ErrClosed] where Write would, with [protocol.ErrLimit] when 64 wait already, and
// as the system does when it has no descriptor left.
func (c *Conn) SendFileDescriptor(f *os.File) error {
	if c.flags&(connMute|connSpliced|connClosing) != 0 {
		return protocol.ErrClosed
	}
	s, ok := c.sock.(fileSocket)
	if !ok || c.layer != nil || c.peer.Network() != "unix" {
		return fmt.Errorf("sending a descriptor: %w", protocol.ErrUnsupported)
	}
	if c.passing == nil {
		c.passing = &passing{sock: s}
	}
	if len(c.passing.out) == maxPassed {
		return protocol.ErrLimit.Because(errPassedFull)
	}
	own, err := s.duplicate(f)
	if err != nil {
		return fmt.Errorf("sending a descriptor: %w", err)
	}
	c.passing.out = append(c.passing.out, outgoingFile{own, c.out.size})
	return nil
}

// fileReceiver is who takes descriptors, p or a protocol behind it; nil if none does.
func fileReceiver(p protocol.Protocol) FileDescriptorReceiver {
	for p != nil {
		if receiver, ok := p.(FileDescriptorReceiver); ok {
			return receiver
		}
		w, ok := p.(protocol.Wrapper)
		if !ok {
			return nil
		}
		p = w.WrappedProtocol()
	}
	return nil
}

// takesFiles prepares for descriptors if the protocol wants them.
func (c *Conn) takesFiles() {
	s, ok := c.sock.(fileSocket)
	receiver := fileReceiver(c.proto)
	if ok && receiver != nil && c.peer.Network() == "unix" {
		c.passing = &passing{receiver: receiver, sock: s}
	}
}

// sendFiles is send while descriptors wait: for one piece of the output.
func (c *Conn) sendFiles(p []byte) int {
	data := p
	first := c.out.first
	if first != nil {
		data = first.data[first.start:first.end]
	}
	if len(data) == 0 {
		return 0
	}
	out := c.passing.out
	due := 0
	for due < len(out) && out[due].after == 0 {
		due++
	}
	if due < len(out) {
		data = data[:min(len(data), out[due].after)]
	}
	var n int
	var err error
	if due > 0 {
		n, err = c.passing.sock.writeFiles(data, out[:due])
	} else {
		n, err = c.sock.write(data)
	}
	if err != nil && err != errAgain {
		c.fail(protocol.ErrConnectionLost.Because(err))
		return 0
	}
	if n < len(data) {
		c.flags |= connBlocked
	}
	if n > 0 {
		closeFiles(out[:due])
		c.passing.out = out[due:]
	}
	for i := range c.passing.out {
		c.passing.out[i].after -= n
	}
	if first != nil {
		c.out.consume(n, &c.loop.chunks)
		n = 0
	}
	if len(p) > 0 {
		c.flags |= connUnflushed
		c.touch()
	}
	return n
}

// receive reads from the socket, descriptors too if the protocol wants them.
func (c *Conn) receive(p []byte) (int, error) {
	if c.passing == nil || c.passing.receiver == nil {
		return c.sock.read(p)
	}
	n, files, err := c.passing.sock.readFiles(p)
	c.passing.in = files
	if len(files) > 0 {
		c.passing.data = p[:n]
	}
	return n, err
}

// filesWait reports whether descriptors were received that the protocol has not been given.
func (c *Conn) filesWait() bool {
	return c.passing != nil && (len(c.passing.in) > 0 || len(c.passing.data) > 0)
}

var errFilesBeforeTLS = errors.New("bytes came in clear, with a descriptor, in front of the handshake")

// deliverFiles gives the protocol the descriptors that were received, and then the bytes.
func (c *Conn) deliverFiles(r *runner) {
	for w := c.passing; len(w.in) > 0; {
		f := w.in[0]
		w.in[0] = nil
		w.in = w.in[1:]
		c.readAgain() // whoever has the loop after the callback goes on with the rest
		r.active = c
		w.receiver.FileDescriptorReceived(f)
		if r.gone {
			return // the buffer is not used again: Detach has seen to that
		}
		r.active = nil
		if c.layer != nil {
			c.fail(protocol.ErrTLS.Because(errFilesBeforeTLS))
		}
		if !c.hears() {
			if c.buffers == nil {
				w.data = bytes.Clone(w.data) // the loop's buffer is about to be used for others
			}
			return
		}
	}
	data := c.passing.data
	c.passing.data = nil
	c.deliver(r, data)
}

// close closes what was not sent and not delivered.
func (w *passing) close() {
	closeFiles(w.out)
	for _, f := range w.in {
		f.Close()
	}
	*w = passing{}
}

func closeFiles(files []outgoingFile) {
	for i := range files {
		files[i].file.Close()
		files[i].file = nil
	}
}
