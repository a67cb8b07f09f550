//go:build unix

package reactor_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// stdioEnv asks the process of the tests to be one that serves its standard input and output: the protocol and the
// backend.
const stdioEnv = "WASMNET_TEST_STDIO"

// stdioEcho sends back what it receives, no faster than it is taken.
type stdioEcho struct {
	echo
	reason error
}

func (p *stdioEcho) ConnectionMade(t protocol.Transport) {
	p.Base.ConnectionMade(t)
	pace := &producer{onPause: t.PauseReading, onResume: t.ResumeReading}
	if err := t.RegisterProducer(pace, true); err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "from %v %q to %q\n", t.Peer().Network(), t.Peer(), t.Host())
}

func (p *stdioEcho) ConnectionLost(reason error) { p.reason = reason }

// stdioHalf is a stdioEcho that says something after the end of its input.
type stdioHalf struct{ stdioEcho }

func (p *stdioHalf) ReadConnectionLost() {
	p.Transport.UnregisterProducer()
	p.Transport.Write([]byte(" and good bye"))
	p.Transport.LoseWriteConnection()
}

func (p *stdioHalf) WriteConnectionLost() { fmt.Fprintln(os.Stderr, "our side is closed") }

// serveStdio is what the process that serves does.
func serveStdio(t *testing.T, how string) {
	what, backend, _ := strings.Cut(how, " ")
	r := prepare(t, reactor.Config{Backend: backend, Loops: 2})
	if what != "stop" {
		r.run()
	}
	var p protocol.Protocol
	plain := &stdioEcho{}
	if what == "half" {
		half := &stdioHalf{}
		p, plain = half, &half.stdioEcho
	} else {
		p = plain
	}
	port, err := r.Listen("stdio:", protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return p }))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("this is not for the peer")
	if _, err := r.Listen("stdio:", &echoFactory{}); !errors.Is(err, protocol.ErrCannotListen) {
		t.Errorf("a second port: %v", err)
	}
	done := port.(interface{ Done() <-chan struct{} }).Done()
	if what == "stop" { // before anybody has spoken
		port.StopListening()
		<-done
		r.run()
		return
	}
	<-done
	fmt.Fprintf(os.Stderr, "lost: %v\n", protocol.ReasonOf(plain.reason))
}

// stdioServer is such a process. Its standard input and output are the caller's to set.
func stdioServer(what, backend string) (cmd *exec.Cmd, said *bytes.Buffer) {
	cmd = exec.Command(os.Args[0], "-test.run=^TestStdioPipes$")
	cmd.Env = append(os.Environ(), stdioEnv+"="+what+" "+backend, "GORACE=atexit_sleep_ms=0")
	said = &bytes.Buffer{}
	cmd.Stderr = said
	cmd.WaitDelay = patience
	return cmd, said
}

// stdioEnded waits for the process and looks for what it was to say.
func stdioEnded(t *testing.T, cmd *exec.Cmd, said *bytes.Buffer, want ...string) {
	t.Helper()
	late := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
	for _, w := range want {
		if !strings.Contains(said.String(), w) {
			t.Errorf("the process did not say %q but\n%s", w, said)
		}
	}
}

// manyBytes are more than a pipe, a socket and the hard cap hold.
func manyBytes() []byte {
	source := rand.NewChaCha8([32]byte{1})
	data := make([]byte, 3<<20)
	source.Read(data)
	return data
}

// TestStdioPipes: everything comes back through pipes, at the reader's pace, the end of the input ends the connection
// and the connection the port; what others print does not get between.
func TestStdioPipes(t *testing.T) {
	if how, inside := os.LookupEnv(stdioEnv); inside {
		serveStdio(t, how)
		return
	}
	onBackends(t, func(t *testing.T, backend string) {
		cmd, said := stdioServer("echo", backend)
		in, out := stdioPipes(t, cmd)
		sent := manyBytes()
		go func() {
			_, _ = in.Write(sent)
			in.Close()
		}()
		received, err := io.ReadAll(out)
		if err != nil || !bytes.Equal(received, sent) {
			t.Errorf("%d bytes came back of %d, %v", len(received), len(sent), err)
		}
		stdioEnded(t, cmd, said, `from pipe "stdio" to "stdio"`, "lost: connection was closed cleanly")
	})
}

// stdioPipes starts cmd between two pipes and returns their other ends.
func stdioPipes(t *testing.T, cmd *exec.Cmd) (in io.WriteCloser, out io.ReadCloser) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe() // which Wait does not close before it is read
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.Close()
	t.Cleanup(func() { r.Close() })
	return in, r
}

// TestStdioHalfClose: a protocol that knows half-closed connections goes on after the end of the input.
func TestStdioHalfClose(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		cmd, said := stdioServer("half", backend)
		in, out := stdioPipes(t, cmd)
		_, _ = io.WriteString(in, "hello")
		in.Close()
		if received, err := io.ReadAll(out); string(received) != "hello and good bye" || err != nil {
			t.Errorf("received %q, %v", received, err)
		}
		stdioEnded(t, cmd, said, "our side is closed", "lost: connection was closed cleanly")
	})
}

// TestStdioOutputCloses: nobody reads what is written, which ends the connection although the input goes on.
func TestStdioOutputCloses(t *testing.T) {
	for _, what := range []string{"echo", "half"} {
		onBackends(t, func(t *testing.T, backend string) {
			cmd, said := stdioServer(what, backend)
			in, out := stdioPipes(t, cmd)
			defer in.Close()
			exchangeFiles(t, in, out, "hello")
			out.Close()
			stdioEnded(t, cmd, said, "lost: connection was lost")
		})
	}
}

func exchangeFiles(t *testing.T, in io.Writer, out io.Reader, text string) {
	t.Helper()
	if _, err := io.WriteString(in, text); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(text))
	if _, err := io.ReadFull(out, buf); string(buf) != text || err != nil {
		t.Fatalf("received %q, %v; want %q", buf, err, text)
	}
}

// TestStdioFiles: both are regular files.
func TestStdioFiles(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		cmd, said := stdioServer("echo", backend)
		name := filepath.Join(t.TempDir(), "in")
		sent := manyBytes()
		if err := os.WriteFile(name, sent, 0o600); err != nil {
			t.Fatal(err)
		}
		in, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		out, err := os.Create(name + ".out")
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		cmd.Stdin, cmd.Stdout = in, out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		stdioEnded(t, cmd, said, "lost: connection was closed cleanly")
		if received, err := os.ReadFile(out.Name()); err != nil || !bytes.Equal(received, sent) {
			t.Errorf("%d bytes came back of %d, %v", len(received), len(sent), err)
		}
	})
}

// TestStdioSocket: both are one socket, as a super-server starts its children; the peer hears that our side is closed
// although others have the socket too. It does not block meanwhile, and is put back as it was.
func TestStdioSocket(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		for what, want := range map[string]string{"half": "hello and good bye", "stop": ""} {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
			if err != nil {
				t.Fatal(err)
			}
			near, far := os.NewFile(uintptr(fds[0]), "near"), os.NewFile(uintptr(fds[1]), "far")
			defer near.Close()
			defer far.Close()
			cmd, said := stdioServer(what, backend)
			cmd.Stdin, cmd.Stdout = far, far
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(near, "hello")
			if err := unix.Shutdown(fds[0], unix.SHUT_WR); err != nil {
				t.Fatal(err)
			}
			if received, err := io.ReadAll(near); string(received) != want || err != nil {
				t.Errorf("%s: received %q, %v", what, received, err)
			}
			stdioEnded(t, cmd, said)
			if flags, err := unix.FcntlInt(uintptr(fds[1]), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
				t.Errorf("%s: the socket was left non-blocking: %x, %v", what, flags, err)
			}
		}
	})
}
