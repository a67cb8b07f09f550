package interop

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/tests/internal/trial"
)

// files is a probe that takes descriptors. The event has the content of the file.
type files struct {
	*trial.Probe
	t *testing.T
}

const file = "file"

func (p files) BuildProtocol(protocol.Address) protocol.Protocol { return p }

func (p files) FileDescriptorReceived(f *os.File) {
	defer f.Close()
	content, err := io.ReadAll(f)
	if err != nil {
		p.t.Error(err)
	}
	p.Add(trial.Event{Name: file, Data: content})
}

// TestDescriptors sends open files over UNIX sockets in both directions.
func TestDescriptors(t *testing.T) {
	for _, who := range []side{oursListens, twistedListens} {
		t.Run(string(who), func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, content string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			r := trial.Start(t, reactor.Config{Backend: "epoll"})
			ours := trial.NewProbe(t)
			p := join(t, r, trial.UNIX, who, files{ours, t}, "stream.py", "files")
			ours.Expect(t, trial.Made)
			p.expect("made")

			p.do("send file", command{"name": write("theirs", "Twisted's file"), "data": "78"})
			if e := ours.Expect(t, file); string(e.Data) != "Twisted's file" {
				t.Errorf("we received a file with %q", e.Data)
			}
			ours.ExpectData(t, "x")

			f, err := os.Open(write("ours", "our file"))
			if err != nil {
				t.Fatal(err)
			}
			r.OnLoop(func(*reactor.Loop) {
				if err := ours.Conn().SendFileDescriptor(f); err != nil {
					t.Errorf("SendFileDescriptor: %v", err)
				}
				f.Close()
				ours.Send("y")
			})
			if e := p.expect("file"); string(e.bytes(t)) != "our file" {
				t.Errorf("Twisted received a file with %q", e.bytes(t))
			}
			p.expectData("y")
		})
	}
}
