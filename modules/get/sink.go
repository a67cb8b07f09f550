package get

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

// errCoding is in the chain of the error of a body that is not what its Content-Encoding says.
var errCoding = errors.New("cannot be decoded")

// partial is what the name of a file ends with until it is complete.
const partial = ".part"

// sink writes a body, which it may have to decode. A decoder reads, and so runs in a goroutine of its own; write returns
// when that has consumed what it is given.
type sink struct {
	config Config
	file   *os.File
	left   int64 // what may still be written
	pipe   *io.PipeWriter
	done   chan error // the decoder's end
}

func openSink(c Config, coding string) (*sink, error) {
	s := &sink{config: c, left: int64(c.MaxSize)}
	var decode func(io.Reader) (io.Reader, error)
	switch coding {
	case "", "identity":
	case "gzip", "x-gzip":
		decode = func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
	case "deflate":
		decode = inflate
	default:
		return nil, fmt.Errorf("content coding %q: %w (gzip and deflate can be)", coding, errCoding)
	}
	if c.Output != "" {
		var err error
		if s.file, err = os.Create(c.Output + partial); err != nil {
			return nil, outputError{err}
		}
	}
	if decode != nil {
		s.done = make(chan error, 1)
		r, w := io.Pipe()
		s.pipe = w
		go s.decode(r, decode)
	}
	return s, nil
}

// inflate reads the zlib format, or, as some servers send it, what is inside without the format.
func inflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if head, err := b.Peek(2); err == nil && head[0]&0xf == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

func (s *sink) decode(r *io.PipeReader, decoder func(io.Reader) (io.Reader, error)) {
	decoded, err := decoder(r)
	if err == nil {
		_, err = io.Copy(plain{s}, decoded)
	}
	var output outputError
	if err != nil && !errors.As(err, &output) {
		err = fmt.Errorf("body: %w: %w", errCoding, err)
	}
	r.CloseWithError(err)
	s.done <- err
}

// write takes a piece of the body as it came.
func (s *sink) write(data []byte) error {
	var err error
	if s.pipe == nil {
		_, err = plain{s}.Write(data)
	} else if _, err = s.pipe.Write(data); errors.Is(err, io.ErrClosedPipe) {
		err = nil // what follows a compressed body is ignored
	}
	return err
}

// plain is the body without its coding.
type plain struct{ *sink }

// Write implements [io.Writer].
func (p plain) Write(data []byte) (int, error) {
	if p.config.MaxSize > 0 {
		if p.left -= int64(len(data)); p.left < 0 {
			return 0, outputError{fmt.Errorf("more than %d bytes", p.config.MaxSize)}
		}
	}
	w := p.config.Stdout
	if p.file != nil {
		w = p.file
	}
	n, err := w.Write(data)
	if err != nil {
		err = outputError{err}
	}
	return n, err
}

// close ends the output. A file that is not complete is removed.
func (s *sink) close(complete bool) error {
	var err error
	if s.pipe != nil {
		s.pipe.Close()
		err = <-s.done
	}
	if s.file == nil {
		return err
	}
	if closing := s.file.Close(); err == nil && closing != nil {
		err = outputError{closing}
	}
	if name := s.config.Output; err == nil && complete {
		if err = os.Rename(name+partial, name); err == nil {
			return nil
		}
		err = outputError{err}
	}
	_ = os.Remove(s.config.Output + partial)
	return err
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
