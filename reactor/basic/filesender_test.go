package basic_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

var errDisk = errors.New("disk on fire")

func TestSendFile(t *testing.T) {
	text := strings.Repeat("0123456789", 5000)
	cases := []struct {
		name      string
		file      io.Reader
		transform func([]byte) []byte
		output    string
		last      string
		err       error
	}{
		{"empty", strings.NewReader(""), nil, "", "", nil},
		{"short", strings.NewReader("abc"), nil, "abc", "c", nil},
		{"several pieces", strings.NewReader(text), nil, text, "9", nil},
		{"byte by byte", iotest.OneByteReader(strings.NewReader("abc")), nil, "abc", "c", nil},
		{"data with the end", iotest.DataErrReader(strings.NewReader("abc")), nil, "abc", "c", nil},
		{"transformed", strings.NewReader("abc"), bytes.ToUpper, "ABC", "C", nil},
		{"transformed to nothing", strings.NewReader("abc"), func([]byte) []byte { return nil }, "", "", nil},
		{"breaks", io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(errDisk)), nil, "abc", "c", errDisk},
		{"never says anything", iotest.ErrReader(nil), nil, "", "", io.ErrNoProgress},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			tr := reactortest.NewStringTransport()
			done := 0
			_, err := basic.SendFile(tr, c.file, c.transform, func(last []byte, err error) {
				done++
				if string(last) != c.last || !errors.Is(err, c.err) {
					t.Errorf("last %q, error %v", last, err)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			largest := len(tr.Output())
			for tr.Pull() {
				largest = max(largest, len(tr.Output())/2)
			}
			if tr.Output() != c.output || done != 1 {
				t.Errorf("sent %d bytes, want %d; done was called %d times", len(tr.Output()), len(c.output), done)
			}
			if largest > 32<<10 {
				t.Errorf("a piece of %d bytes", largest)
			}
		})
	}
}

func TestSendFileToAPeerThatIsSlow(t *testing.T) {
	text := strings.Repeat("0123456789", 50000)
	client, server := &reactortest.Recorder{}, &reactortest.Recorder{}
	p := reactortest.NewPair(client, server)
	p.Client.PauseReading()
	done := false
	_, err := basic.SendFile(p.Server, strings.NewReader(text), nil, func(_ []byte, err error) {
		done = true
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	// What is sent is closed after, although LoseConnection comes first.
	p.Server.LoseConnection()
	p.Settle()
	if done || p.Server.Buffered() > 16<<10 {
		t.Errorf("done %v, %d bytes are queued for a peer that does not read", done, p.Server.Buffered())
	}
	p.Client.ResumeReading()
	p.Settle()
	if !done || string(client.Received) != text || client.Reason != protocol.ErrConnectionDone {
		t.Errorf("done %v, the client got %d bytes and %v", done, len(client.Received), client.Reason)
	}
}

func TestSendFileOnALostConnection(t *testing.T) {
	var reason error
	p := reactortest.NewPair(&reactortest.Recorder{}, &reactortest.Recorder{})
	p.Client.PauseReading()
	if _, err := basic.SendFile(p.Server, strings.NewReader(strings.Repeat("x", 1<<20)), nil,
		func(_ []byte, err error) { reason = err }); err != nil {
		t.Fatal(err)
	}
	p.Settle()
	_, err := basic.SendFile(p.Server, strings.NewReader("x"), nil, nil)
	if !errors.Is(err, protocol.ErrProducerRegistered) {
		t.Errorf("a second file: %v", err)
	}
	p.Client.AbortConnection()
	p.Settle()
	if !errors.Is(reason, basic.ErrConsumerStopped) {
		t.Errorf("ended with %v", reason)
	}
	reason = nil
	if _, err := basic.SendFile(p.Server, strings.NewReader("x"), nil,
		func(_ []byte, err error) { reason = err }); err != nil || !errors.Is(reason, basic.ErrConsumerStopped) {
		t.Errorf("on a lost connection: %v, ended with %v", err, reason)
	}
}
