package process

import "os"

// readSize is the most that one event delivers.
const readSize = 32 << 10

// reader is a pipe that the process writes to. It holds one buffer at most: the next read waits until the protocol has
// seen it.
type reader struct {
	process *process
	fd      int
	file    *os.File
	next    chan struct{} // says that the buffer is free
	held    []byte        // of the loop: what came while the protocol has paused
}

func (r *reader) serve() {
	buf := make([]byte, readSize)
	for {
		n, err := r.file.Read(buf)
		if n > 0 {
			r.process.loop.CallFromThread(func() { r.arrived(buf[:n]) })
			select {
			case <-r.next:
			case <-r.process.loop.Done():
				r.file.Close()
				return
			}
		}
		if err != nil {
			r.file.Close()
			r.process.loop.CallFromThread(func() { r.process.lost(r.fd) })
			return
		}
	}
}

// arrived delivers data, or keeps it for later.
func (r *reader) arrived(data []byte) {
	if r.process.paused {
		r.held = data
		return
	}
	defer func() { r.next <- struct{}{} }() // also when the protocol panics
	r.process.received(r.fd, data)
}

func (r *reader) resume() {
	if data := r.held; data != nil {
		r.held = nil
		r.process.loop.CallFromThread(func() { r.arrived(data) })
	}
}

// lose closes the pipe. What is held is dropped with it.
func (r *reader) lose() {
	if r.held != nil {
		r.held = nil
		r.next <- struct{}{}
	}
	r.abort()
}

func (r *reader) abort() { r.file.Close() }
