// Package interop holds the reactor to its model: programs of Twisted in testdata, run by Debian's Python
// (python3-twisted), talk to it as clients and as servers.
package interop

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// python is the interpreter that has Debian's packages.
const python = "/usr/bin/python3"

// twisted is a running program of testdata; see agent.py there.
type twisted struct {
	t      *testing.T
	name   string
	stdin  io.WriteCloser
	events chan event
	early  []event // taken while another one was waited for
	stderr lockedBuffer
}

// event is what a program has seen. Fields that an event does not have are zero.
type event struct {
	Event   string `json:"event"`
	Address string `json:"address"` // listening, datagram: whose
	Peer    string `json:"peer"`    // made, data
	Host    string `json:"host"`    // made, data
	Data    string `json:"data"`    // data, message, datagram: in hexadecimal
	Reason  string `json:"reason"`  // lost, failed: the name of Twisted's exception
	ALPN    string `json:"alpn"`    // handshake
	Subject string `json:"subject"` // handshake: common name of the peer's certificate
	Bytes   int64  `json:"bytes"`   // sent, received, paused
	SHA256  string `json:"sha256"`  // sent, received
	Text    string `json:"text"`    // error
}

// command is what a program is told to do: the name is that of "do".
type command map[string]any

// startTwisted runs a program until the test ends. A traceback on its log fails the test.
func startTwisted(t *testing.T, program string, args ...string) *twisted {
	t.Helper()
	cmd := exec.Command(python, append([]string{program}, args...)...)
	cmd.Dir = "testdata"
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	p := &twisted{t: t, name: program + " " + strings.Join(args, " "), events: make(chan event, 1<<14)}
	cmd.Stderr = &p.stderr
	var err error
	if p.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		p.read(stdout)
		ended <- cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stdin.Close()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("%s: %v\n%s", p.name, err, p.stderr.text())
			}
		case <-time.After(trial.Patience):
			t.Errorf("%s does not end\n%s", p.name, p.stderr.text())
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
			<-ended
		}
		for e := range p.events {
			if e.Event == "error" {
				t.Errorf("%s:\n%s", p.name, e.Text)
			}
		}
	})
	return p
}

// read passes on the events until the program ends.
func (p *twisted) read(stdout io.Reader) {
	defer close(p.events)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = event{Event: "error", Text: "cannot be read: " + lines.Text()}
		}
		p.events <- e
	}
	if err := lines.Err(); err != nil && !errors.Is(err, os.ErrClosed) {
		p.events <- event{Event: "error", Text: err.Error()}
	}
}

// next waits for the next event.
func (p *twisted) next() event {
	p.t.Helper()
	select {
	case e, ok := <-p.events:
		switch {
		case !ok:
			p.t.Fatalf("%s has ended\n%s", p.name, p.stderr.text())
		case e.Event == "error":
			p.t.Fatalf("%s:\n%s", p.name, e.Text)
		}
		return e
	case <-time.After(trial.Patience):
		p.t.Fatalf("%s: no further event\n%s", p.name, p.stderr.text())
		return event{}
	}
}

// expect waits for an event of this name as the next one.
func (p *twisted) expect(name string) event {
	p.t.Helper()
	e := p.next()
	if e.Event != name {
		p.t.Fatalf("%s: event %+v, want %s", p.name, e, name)
	}
	return e
}

// expectData waits for data events that make up text.
func (p *twisted) expectData(text string) {
	p.t.Helper()
	var got []byte
	for len(got) < len(text) {
		got = append(got, p.expect("data").bytes(p.t)...)
	}
	if string(got) != text {
		p.t.Fatalf("%s: data %.60q, want %.60q", p.name, got, text)
	}
}

// expectLost waits for the loss of the connection as the next event, for the reason of this name.
func (p *twisted) expectLost(reason string) {
	p.t.Helper()
	if e := p.expect("lost"); e.Reason != reason {
		p.t.Errorf("%s: lost for %s, want %s", p.name, e.Reason, reason)
	}
}

func (e event) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(e.Data)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// do gives the program a command. Its options may be left out.
func (p *twisted) do(name string, options command) {
	p.t.Helper()
	all := command{"do": name}
	for k, v := range options {
		all[k] = v
	}
	line, err := json.Marshal(all)
	if err == nil {
		_, err = p.stdin.Write(append(line, '\n'))
	}
	if err != nil {
		p.t.Fatalf("%s: %v\n%s", p.name, err, p.stderr.text())
	}
}

// write has the program write text to its connection.
func (p *twisted) write(text string) {
	p.t.Helper()
	p.do("write", command{"data": hex.EncodeToString([]byte(text))})
}

// lockedBuffer is a buffer for a process to write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
