package tlsengine

import (
	"bytes"
	"testing"
)

// settle ends the stream and steps p until its handshake is over.
func (p *peer) settle(w *world) {
	p.session.FeedEOF()
	for p.err == nil && !p.session.Established() {
		<-p.woken
		p.step()
	}
	p.session.Abandon()
	w.running.Wait()
}

// FuzzHandshake plays a peer that sends anything, in chunks of any size.
func FuzzHandshake(f *testing.F) {
	w := newWorld(f)
	client := w.newClient(f)
	<-client.woken
	client.step()
	server := w.newServer(f)
	server.feed(client.out)
	<-server.woken
	server.step()
	client.session.Abandon()
	server.session.Abandon()
	f.Add(true, client.out, uint8(255))
	f.Add(true, client.out[:100], uint8(7))
	f.Add(false, server.out, uint8(255))
	f.Add(false, server.out[:200], uint8(1))
	f.Add(true, []byte("\x15\x03\x01\x00\x02\x02\x28"), uint8(3))
	f.Fuzz(func(t *testing.T, asServer bool, input []byte, chunk uint8) {
		var p *peer
		if asServer {
			p = w.newServer(t)
		} else {
			p = w.newClient(t)
		}
		for len(input) > 0 {
			n := min(int(chunk)+1, len(input))
			if rest := p.feed(input[:n]); len(rest) > 0 {
				break // full
			}
			input = input[n:]
		}
		p.settle(w)
	})
}

// FuzzRecords changes records on their way: what is delivered is a beginning of what was sent, and then an error.
func FuzzRecords(f *testing.F) {
	f.Add(uint16(100), uint16(0), uint8(0), uint16(1), []byte{})
	f.Add(uint16(20000), uint16(3), uint8(0xff), uint16(1000), []byte{})
	f.Add(uint16(5000), uint16(4000), uint8(1), uint16(65535), []byte("\x15\x03\x03\x00\x02\x01\x00"))
	f.Add(uint16(1), uint16(40), uint8(0x80), uint16(0), []byte("\x16\x03\x03\x00\x00"))
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, size, at uint16, flip uint8, chunk uint16, tail []byte) {
		l := w.link(t, MaxFeed)
		l.until(l.established)
		l.carry()
		sent := pattern(int(size))
		if err := l.client.session.Write(sent); err != nil {
			t.Fatal(err)
		}
		input := append(l.client.out, tail...)
		if len(input) > 0 {
			input[int(at)%len(input)] ^= flip
		}
		for len(input) > 0 && l.server.err == nil {
			n := min(int(chunk)+1, len(input))
			input = input[n-len(l.server.feed(input[:n])):]
		}
		l.server.session.FeedEOF()
		l.server.read()
		l.server.read()
		if !bytes.HasPrefix(sent, l.server.received) {
			t.Fatal("bytes were delivered that were not sent")
		}
		if l.server.err == nil {
			t.Fatal("the end of the stream was not noticed")
		}
		if flip == 0 && len(l.server.received) != len(sent) {
			t.Fatalf("%d of %d bytes arrived unchanged", len(l.server.received), len(sent))
		}
	})
}
