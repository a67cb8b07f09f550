package basic

import (
	"errors"
	"io"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fileChunk is how much FileSender reads at a time.
const fileChunk = 16 << 10

// ErrConsumerStopped is what a [FileSender] ends with when the connection is gone before the end of the file.
var ErrConsumerStopped = errors.New("connection ended before the file was sent")

// FileSender writes a file to a transport as fast as the peer takes it, 16 KiB at a time. It is a pull producer.
type FileSender struct {
	transport protocol.Transport
	file      io.Reader
	transform func([]byte) []byte
	done      func(last []byte, err error)
	buffer    []byte
	last      []byte
	failed    error // met by the latest read
	ended     bool
}

var _ protocol.Producer = (*FileSender)(nil)

// SendFile sends what file holds, up to io.EOF, over t. transform, if not nil, is given each piece and returns what is
// sent for it; it may work in place. done is called once, when everything has been handed to the transport or the
// sending came to an end before, with the last byte sent (none if nothing was sent). It fails with
// [protocol.ErrProducerRegistered]. The file is read on the loop, and not closed.
func SendFile(
	t protocol.Transport, file io.Reader, transform func([]byte) []byte, done func(last []byte, err error),
) (*FileSender, error) {
	f := &FileSender{
		transport: t, file: file, transform: transform, done: done,
		buffer: make([]byte, fileChunk), last: make([]byte, 0, 1),
	}
	if err := t.RegisterProducer(f, false); err != nil {
		return nil, err
	}
	return f, nil
}

// ResumeProducing sends the next piece.
func (f *FileSender) ResumeProducing() {
	if f.ended {
		return
	}
	piece, err := f.next()
	if err == nil {
		f.last = append(f.last[:0], piece[len(piece)-1])
		_, err = f.transport.Write(piece)
	}
	if err != nil {
		f.transport.UnregisterProducer()
		f.end(err)
	}
}

// next returns the next piece, not empty: after nothing was written the transport would not ask again.
func (f *FileSender) next() ([]byte, error) {
	for empty := 0; ; empty++ {
		if f.failed != nil {
			return nil, f.failed
		}
		if empty == 100 {
			return nil, io.ErrNoProgress
		}
		n, err := f.file.Read(f.buffer)
		// Bytes that come together with an error are sent, and the error is met the next time.
		f.failed = err
		if n == 0 {
			continue
		}
		empty = -1
		piece := f.buffer[:n]
		if f.transform != nil {
			piece = f.transform(piece)
		}
		if len(piece) > 0 {
			return piece, nil
		}
	}
}

func (f *FileSender) end(err error) {
	if errors.Is(err, io.EOF) {
		err = nil
	}
	f.ended = true
	f.done(f.last, err)
}

// PauseProducing does nothing: a pull producer sends when it is asked to.
func (f *FileSender) PauseProducing() {}

// StopProducing ends the sending with [ErrConsumerStopped].
func (f *FileSender) StopProducing() {
	if !f.ended {
		f.end(ErrConsumerStopped)
	}
}
