//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package reactor_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// fileTaker notes what it receives: the text in a file as "[text]", bytes as they are.
type fileTaker struct {
	*recorder
	t      *testing.T
	onFile func()
	seen   chan string
}

func newFileTaker(t *testing.T) *fileTaker {
	p := &fileTaker{recorder: newRecorder(), t: t, seen: make(chan string, 100)}
	p.onData = func(_ *reactor.Conn, data []byte) { p.seen <- string(data) }
	return p
}

func (p *fileTaker) FileDescriptorReceived(f *os.File) {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
	if err != nil {
		p.t.Error(err)
	}
	f.Close()
	p.seen <- "[" + string(text) + "]"
	call(p.onFile)
}

// expectSeen checks what a protocol has received, however it was cut. A descriptor may come earlier than it was sent, for
// the kernel lets a read begin with the bytes in front of it, but never later.
func (p *fileTaker) expectSeen(want string) {
	p.t.Helper()
	got := ""
	for len(got) < len(want) {
		got += wait(p.t, p.seen, "something received")
	}
	gotBytes, gotFiles, gotAt := splitFiles(got)
	wantBytes, wantFiles, wantAt := splitFiles(want)
	if gotBytes != wantBytes || gotFiles != wantFiles {
		p.t.Errorf("received %d bytes and files %q, want %d and %q", len(gotBytes), gotFiles, len(wantBytes), wantFiles)
		return
	}
	for i, at := range gotAt {
		if at > wantAt[i] {
			p.t.Errorf("descriptor %d came after %d bytes, want %d at most", i, at, wantAt[i])
		}
	}
}

// splitFiles takes the texts of files, of one letter, out of what a fileTaker has seen, and counts the bytes in front of
// each.
func splitFiles(seen string) (data, files string, at []int) {
	for {
		before, after, found := strings.Cut(seen, "[")
		data += before
		if !found {
			return data, files, at
		}
		files += after[:1]
		at = append(at, len(data))
		seen = after[2:]
	}
}

// fileOf makes a file with this text.
func fileOf(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.CreateTemp(t.TempDir(), "")
	if err == nil {
		_, err = io.WriteString(f, text)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// unixPair connects a client to a server with this protocol, and returns both ends.
func (r *running) unixPair(p protocol.Protocol, made <-chan *reactor.Conn) (client, server *reactor.Conn) {
	r.t.Helper()
	path := filepath.Join(r.t.TempDir(), "s")
	r.listen("unix:"+endpoint.Quote(path), func() protocol.Protocol { return p })
	f := newClientFactory(newRecorder())
	r.connectText(f, "unix:"+endpoint.Quote(path))
	return wait(r.t, f.p.made, "ConnectionMade"), wait(r.t, made, "ConnectionMade")
}

// send has f called on the connection's loop.
func (r *running) send(c *reactor.Conn, f func(write func(string), pass func(*os.File))) {
	r.t.Helper()
	r.onLoop(c.Loop(), func() {
		f(func(text string) {
			if _, err := io.WriteString(c, text); err != nil {
				r.t.Error(err)
			}
		}, func(f *os.File) {
			if err := c.SendFileDescriptor(f); err != nil {
				r.t.Error(err)
			}
		})
	})
}

// TestPassDescriptors: each arrives in front of the bytes that were written after it.
func TestPassDescriptors(t *testing.T) {
	r := start(t, reactor.Config{Loops: 2, HardCap: 8 << 20})
	p := newFileTaker(t)
	c, _ := r.unixPair(p, p.made)
	a, b := fileOf(t, "a"), fileOf(t, "b")
	r.send(c, func(write func(string), pass func(*os.File)) {
		write("one")
		pass(a)
		pass(b)
		a.Close() // it has been taken
		write("two")
		pass(b)
		write("three")
	})
	p.expectSeen("one[a][b]two[b]three")
	large := strings.Repeat("x", 4<<20)
	r.send(c, func(write func(string), pass func(*os.File)) {
		pass(b)
		write(large)
		pass(b)
		write("end")
	})
	p.expectSeen("[b]" + large + "[b]end")
}

// TestDescriptorsWait: a protocol that pauses is given the rest when it resumes, and one that leaves the loop blocks
// nobody.
func TestDescriptorsWait(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	p := newFileTaker(t)
	c, server := r.unixPair(p, p.made)
	p.onFile = server.PauseReading
	r.send(c, func(write func(string), pass func(*os.File)) {
		pass(fileOf(t, "a"))
		pass(fileOf(t, "b"))
		write("bytes")
	})
	p.expectSeen("[a]")
	r.serveOnce("other bytes", p.t)
	r.onLoop(server.Loop(), server.ResumeReading)
	p.expectSeen("[b]")
	if len(p.seen) > 0 {
		t.Error("something came while the protocol had paused")
	}
	r.onLoop(server.Loop(), func() {
		p.onFile = nil
		server.ResumeReading()
	})
	p.expectSeen("bytes")

	left, goOn := make(chan struct{}, 2), make(chan struct{})
	r.onLoop(server.Loop(), func() {
		p.onFile = func() {
			p.onFile = nil
			server.Loop().Detach()
			left <- struct{}{}
			<-goOn
		}
	})
	r.send(c, func(write func(string), pass func(*os.File)) {
		pass(fileOf(t, "c"))
		pass(fileOf(t, "d"))
		write("more")
	})
	wait(t, left, "a callback off the loop")
	p.expectSeen("[c][d]more")
	close(goOn)
}

// serveOnce has another connection of the loop receive something into the loop's buffer.
func (r *running) serveOnce(text string, t *testing.T) {
	t.Helper()
	p := newRecorder()
	c := r.serve(p)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, p.data, "data"); got != text {
		t.Errorf("received %q", got)
	}
}

// TestDescriptorsDoNotLeak: those that nobody takes are closed: by protocols that do not want them, with connections
// that end, and when they were never sent.
func TestDescriptorsDoNotLeak(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	// spread passes the writing end of a pipe, and returns the reading end, which ends when all copies are closed.
	spread := func(c *reactor.Conn, copies int, text string) *os.File {
		reading, writing, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { reading.Close() })
		r.send(c, func(write func(string), pass func(*os.File)) {
			for range copies {
				pass(writing)
			}
			write(text)
		})
		writing.Close()
		return reading
	}
	unwilling := newRecorder()
	c, _ := r.unixPair(unwilling, unwilling.made)
	expectEnd(t, spread(c, 3, "bytes"))

	p := &firstFile{newRecorder(), make(chan struct{}, 1)}
	c, server := r.unixPair(p, p.made)
	reading := spread(c, 3, "bytes")
	wait(t, p.given, "FileDescriptorReceived")
	r.onLoop(server.Loop(), server.AbortConnection)
	expectEnd(t, reading)

	p = &firstFile{newRecorder(), make(chan struct{}, 1)}
	c, _ = r.unixPair(p, p.made)
	reading = spread(c, 2, "")
	r.onLoop(c.Loop(), c.LoseConnection)
	expectEnd(t, reading)
}

// firstFile takes one descriptor, and pauses.
type firstFile struct {
	*recorder
	given chan struct{}
}

func (p *firstFile) FileDescriptorReceived(f *os.File) {
	f.Close()
	p.conn.PauseReading()
	p.given <- struct{}{}
}

func TestSendFileDescriptorErrors(t *testing.T) {
	r := start(t, reactor.Config{Loops: 1})
	f := fileOf(t, "")
	send := func(c *reactor.Conn, f *os.File) (err error) {
		r.onLoop(c.Loop(), func() { err = c.SendFileDescriptor(f) })
		return err
	}
	tcp := newRecorder()
	r.serve(tcp)
	if err := send(wait(t, tcp.made, "ConnectionMade"), f); !errors.Is(err, protocol.ErrUnsupported) {
		t.Errorf("over TCP: %v", err)
	}
	p := newRecorder()
	c, _ := r.unixPair(p, p.made)
	for range 64 {
		if err := send(c, f); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(c, f); !errors.Is(err, protocol.ErrLimit) {
		t.Errorf("one too many: %v", err)
	}
	f.Close()
	p = newRecorder()
	c, _ = r.unixPair(p, p.made)
	if err := send(c, f); err == nil {
		t.Error("a closed file is no error")
	}
	r.onLoop(c.Loop(), c.LoseConnection)
	if err := send(c, f); !errors.Is(err, protocol.ErrClosed) {
		t.Errorf("on a closing connection: %v", err)
	}
	other := start(t, reactor.Config{Loops: 1, Backend: "net"})
	p = newRecorder()
	c, _ = other.unixPair(p, p.made)
	other.onLoop(c.Loop(), func() {
		if err := c.SendFileDescriptor(f); !errors.Is(err, protocol.ErrUnsupported) {
			t.Errorf("backend net: %v", err)
		}
	})
}
