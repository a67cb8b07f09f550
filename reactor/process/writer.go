package process

import (
	"fmt"
	"os"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// The limits of what is queued for a pipe, in bytes, as those of a connection.
const (
	highWater = 64 << 10
	lowWater  = 16 << 10
	hardCap   = 1 << 20
)

// writer is a pipe that the process reads from. Its goroutine writes one piece at a time; what is written meanwhile
// gathers for the next.
type writer struct {
	process *process
	fd      int
	file    *os.File
	work    chan []byte // pieces for the goroutine; closed when there will be no more

	// Of the loop.
	queue    []byte
	underway int // bytes that the goroutine is at
	closing  bool
	shut     bool // work is closed

	producer  protocol.Producer
	streaming bool
	paused    bool
}

func (w *writer) serve() {
	defer w.file.Close()
	var err error
	for {
		select {
		case piece, more := <-w.work:
			if !more {
				w.file.Close()
				w.process.loop.CallFromThread(func() { w.process.lost(w.fd) })
				return
			}
			if err == nil {
				_, err = w.file.Write(piece)
			}
			failed := err != nil
			w.process.loop.CallFromThread(func() { w.written(piece, failed) })
		case <-w.process.loop.Done():
			return
		}
	}
}

func (w *writer) buffered() int { return len(w.queue) + w.underway }

func (w *writer) write(data []byte) (int, error) {
	switch {
	case w.closing && w.producer == nil || w.shut:
		return 0, protocol.ErrClosed
	case w.buffered()+len(data) > hardCap:
		return 0, protocol.ErrLimit.Because(fmt.Errorf("more than %d bytes are queued for descriptor %d of the process",
			hardCap, w.fd))
	}
	w.queue = append(w.queue, data...)
	w.send()
	if w.producer != nil && w.streaming && !w.paused && w.buffered() > highWater {
		w.process.loop.CallFromThread(w.pause)
	}
	return len(data), nil
}

// send gives the goroutine something to do.
func (w *writer) send() {
	if w.underway == 0 && len(w.queue) > 0 && !w.shut {
		w.work <- w.queue // it has room: nothing is under way
		w.underway, w.queue = len(w.queue), nil
	}
}

// written goes on after a piece.
func (w *writer) written(piece []byte, failed bool) {
	w.underway = 0
	if failed {
		w.end()
		return
	}
	if w.queue == nil && cap(piece) <= highWater {
		w.queue = piece[:0]
	}
	w.send()
	w.closeWhenDone()
	w.produce()
}

// pause tells the producer that there is much, if there still is.
func (w *writer) pause() {
	if w.producer != nil && w.streaming && !w.paused && w.buffered() > highWater {
		w.paused = true
		w.producer.PauseProducing()
	}
}

// produce asks the producer for more when there is room.
func (w *writer) produce() {
	switch {
	case w.producer == nil:
	case w.streaming && w.paused && w.buffered() <= lowWater, !w.streaming && w.buffered() == 0:
		w.paused = false
		w.producer.ResumeProducing()
	}
}

func (w *writer) register(p protocol.Producer, streaming bool) error {
	switch {
	case w.shut || w.closing:
		p.StopProducing()
		return nil
	case w.producer != nil:
		return protocol.ErrProducerRegistered
	}
	w.producer, w.streaming, w.paused = p, streaming, false
	w.process.loop.CallFromThread(func() {
		if w.producer == p && !streaming {
			w.produce()
		}
	})
	return nil
}

func (w *writer) unregister() {
	w.producer = nil
	w.closeWhenDone()
}

// lose closes the pipe when all has gone out, and the producer has unregistered.
func (w *writer) lose() {
	w.closing = true
	w.closeWhenDone()
}

func (w *writer) closeWhenDone() {
	if w.closing && w.producer == nil && w.buffered() == 0 {
		w.end()
	}
}

// end gives up the pipe. The goroutine closes the file.
func (w *writer) end() {
	if w.shut {
		return
	}
	w.shut, w.queue = true, nil
	close(w.work)
	if p := w.producer; p != nil {
		w.producer = nil
		p.StopProducing()
	}
}

func (w *writer) resume() {}

// abort has a write that is under way fail.
func (w *writer) abort() { w.file.Close() }
