package reactor_test

import (
	"bytes"
	"io"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// flood is a push producer that writes pieces until it is paused, in every event that lets it.
type flood struct {
	p       *probe
	left    int
	paused  int
	resumed int
}

const floodPiece = 5000

func (f *flood) ResumeProducing() {
	f.resumed++
	f.p.events <- told{name: "resumed"}
	f.produce()
}

func (f *flood) PauseProducing() {
	f.paused++
	f.p.events <- told{name: "paused"}
}

func (f *flood) StopProducing() {}

// produce writes one piece an event while the queue is low.
func (f *flood) produce() {
	if f.left == 0 {
		f.p.Transport.UnregisterProducer()
		f.p.Transport.LoseConnection()
		return
	}
	if f.paused > f.resumed {
		return
	}
	_, _ = f.p.Transport.Write(bytes.Repeat([]byte{'x'}, floodPiece)) // a lost connection is reported
	f.left--
	f.p.Transport.Reactor().CallLater(0, f.produce)
}

// TestTLSBackpressure has a peer that reads only when the producer has been paused.
func TestTLSBackpressure(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		const pieces = 4000 // 20 MB: more than the buffers of the kernel
		server := newProbe()
		server.shaken = func(p *probe) {
			f := &flood{p: p, left: pieces}
			if err := p.Transport.RegisterProducer(f, true); err != nil {
				t.Error(err)
			}
			f.produce()
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		server.expect(t, "made", "shaken", "paused")
		n, err := io.Copy(io.Discard, conn)
		if err != nil || n != pieces*floodPiece {
			t.Errorf("%d bytes, %v; want %d", n, err, pieces*floodPiece)
		}
		server.expect(t, "resumed")
	})
}

func TestTLSHardCap(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		server.shaken = func(p *probe) {
			for {
				if _, err := p.Transport.Write(make([]byte, 100_000)); err != nil {
					expectReason(t, err, protocol.ErrLimit)
					return
				}
			}
		}
		w.dialTLS(w.listen(w.server, server), w.client)
		server.expect(t, "made", "shaken")
		server.expectLost(t, protocol.ErrLimit)
	})
}

// TestTLSPausedReading lets the peer fill every buffer, and then reads it all.
func TestTLSPausedReading(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		first := true
		var got bytes.Buffer
		server.data = func(p *probe, data []byte) {
			got.Write(data)
			if first {
				first = false
				p.Transport.PauseReading()
				p.events <- told{name: "paused"}
			}
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		sent := pattern(12 << 20)
		written := make(chan error, 1)
		go func() {
			_, err := conn.Write(sent)
			if err == nil {
				err = conn.CloseWrite()
			}
			written <- err
		}()
		server.expect(t, "made", "shaken", "paused")
		w.on(func(*reactor.Loop) {
			if got.Len() >= len(sent)/2 {
				t.Errorf("%d bytes were delivered in one piece", got.Len())
			}
			server.Transport.ResumeReading()
		})
		w.check(wait(t, written, "the end of writing"))
		server.expectLost(t, protocol.ErrConnectionDone)
		if !bytes.Equal(got.Bytes(), sent) {
			t.Errorf("%d bytes arrived, some changed", got.Len())
		}
	})
}

// ownBuffer is a probe that brings its own receive buffer and is not ready at times.
type ownBuffer struct {
	*probe
	buffer []byte
	asked  int
}

func (o *ownBuffer) BuildProtocol(protocol.Address) protocol.Protocol { return o }

// ReadBuffer refuses every third time, until the connection is resumed by a timer.
func (o *ownBuffer) ReadBuffer() []byte {
	if o.asked++; o.asked%3 == 0 {
		o.Transport.Reactor().CallLater(0, o.Transport.ResumeReading)
		return nil
	}
	return o.buffer
}

func (o *ownBuffer) DataReceived(data []byte) {
	if &data[0] != &o.buffer[0] {
		o.events <- told{name: "somebody else's buffer"}
	}
	o.probe.DataReceived(data)
}

func TestTLSOwnBuffer(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		for _, size := range []int{7, 1 << 10, 64 << 10} {
			server := &ownBuffer{probe: newProbe(), buffer: make([]byte, size)}
			conn := w.dialTLS(w.listen(w.server, server), w.client)
			sent := pattern(50_000)
			_, err := conn.Write(sent)
			w.check(err)
			w.check(conn.CloseWrite())
			server.expect(t, "made", "shaken")
			if got := server.expectData(t, len(sent)); !bytes.Equal(got, sent) {
				t.Errorf("buffer of %d bytes: bytes arrived changed", size)
			}
			server.expectLost(t, protocol.ErrConnectionDone)
		}
	})
}

// TestTLSDetach leaves the loop in the first delivery of many that one read brings. The others come meanwhile, to a
// buffer that the detached callback does not share.
func TestTLSDetach(t *testing.T) {
	onTLSBackends(t, func(t *testing.T, w *tlsWorld) {
		server := newProbe()
		release := make(chan struct{})
		first := true
		sent := pattern(600_000)
		server.data = func(p *probe, data []byte) {
			if first {
				first = false
				mine := bytes.Clone(data)
				p.events <- told{name: "data", data: mine}
				p.conn().Loop().Detach()
				<-release
				if !bytes.Equal(data, mine) {
					t.Error("the detached callback's bytes were overwritten")
				}
				return
			}
			p.events <- told{name: "data", data: bytes.Clone(data)}
		}
		conn := w.dialTLS(w.listen(w.server, server), w.client)
		_, err := conn.Write(sent)
		w.check(err)
		server.expect(t, "made", "shaken")
		if got := server.expectData(t, len(sent)); !bytes.Equal(got, sent) {
			t.Error("bytes arrived changed")
		}
		close(release)
	})
}
