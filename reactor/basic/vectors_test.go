package basic_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// hexBytes is bytes in hexadecimal.
type hexBytes []byte

func (b *hexBytes) UnmarshalText(text []byte) (err error) {
	*b, err = hex.DecodeString(string(text))
	return err
}

// vector is one case of testdata/framing.json.
type vector struct {
	ID       string
	Protocol string
	Send     []hexBytes
	Setup    struct {
		MaxLength int `json:"MAX_LENGTH"`
		Delimiter hexBytes
		Receiver  string
		App       string
	}
	Expect struct {
		Delivered []hexBytes
		Output    hexBytes
		Close     bool
	}
	ChunkInvariant bool `json:"chunk_invariant"`
}

// app is the application that the cases assume: it keeps what is delivered, and may react.
type app struct {
	behaviour string
	delivered []string
	transport protocol.Transport
	stop      func()
}

func (a *app) LineReceived(line []byte) {
	a.delivered = append(a.delivered, string(line))
	if a.behaviour == "stop-on-stop" && string(line) == "stop" {
		a.stop()
	}
}

func (a *app) StringReceived(s []byte) {
	a.delivered = append(a.delivered, string(s))
	if a.behaviour == "echo-payload-raw" {
		a.transport.Write(s)
	}
}

// receiver is what all the receivers have.
type receiver interface {
	protocol.Protocol
	protocol.Producer
}

// build makes the protocol of a case.
func (v *vector) build(t *testing.T) (receiver, *app) {
	a := &app{behaviour: v.Setup.App}
	var p receiver
	switch v.Protocol + v.Setup.Receiver {
	case "line":
		p = &basic.LineReceiver{Handler: a, Delimiter: v.Setup.Delimiter, MaxLength: v.Setup.MaxLength}
	case "lineLineOnly":
		p = &basic.LineOnlyReceiver{Handler: a, Delimiter: v.Setup.Delimiter, MaxLength: v.Setup.MaxLength}
	case "netstring":
		p = &basic.NetstringReceiver{Handler: a, MaxLength: v.Setup.MaxLength}
	case "int8":
		p = &basic.Int8Receiver{Handler: a, MaxLength: v.Setup.MaxLength}
	case "int16":
		p = &basic.Int16Receiver{Handler: a, MaxLength: v.Setup.MaxLength}
	case "int32":
		p = &basic.Int32Receiver{Handler: a, MaxLength: v.Setup.MaxLength}
	default:
		t.Fatalf("nothing here speaks %s with %+v", v.Protocol, v.Setup)
	}
	a.stop = p.StopProducing
	return p, a
}

// play delivers chunks until the protocol closes the connection, and compares.
func (v *vector) play(t *testing.T, chunks [][]byte) {
	p, a := v.build(t)
	tr := reactortest.NewStringTransport()
	a.transport = tr
	p.ConnectionMade(tr)
	for _, chunk := range chunks {
		if tr.Disconnecting() {
			break
		}
		// As a real one does, the buffer is used again.
		buffer := slices.Clone(chunk)
		p.DataReceived(buffer)
		for i := range buffer {
			buffer[i] = 0xDB
		}
	}
	var want []string
	for _, d := range v.Expect.Delivered {
		want = append(want, string(d))
	}
	if !slices.Equal(a.delivered, want) {
		t.Errorf("delivered %.200q, want %.200q", a.delivered, want)
	}
	if got := tr.Output(); got != string(v.Expect.Output) {
		t.Errorf("wrote %.200q, want %.200q", got, v.Expect.Output)
	}
	if tr.Disconnecting() != v.Expect.Close {
		t.Errorf("closes: %v, want %v", tr.Disconnecting(), v.Expect.Close)
	}
}

func TestVectors(t *testing.T) {
	data, err := os.ReadFile("testdata/framing.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []vector }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) == 0 {
		t.Fatal("no cases")
	}
	for _, v := range file.Cases {
		t.Run(v.ID+"/as sent", func(t *testing.T) {
			var chunks [][]byte
			for _, s := range v.Send {
				chunks = append(chunks, s)
			}
			v.play(t, chunks)
		})
		if !v.ChunkInvariant {
			continue
		}
		var whole []byte
		for _, s := range v.Send {
			whole = append(whole, s...)
		}
		for _, size := range []int{max(1, len(whole)), 3, 1} {
			t.Run(fmt.Sprintf("%s/in chunks of %d", v.ID, size), func(t *testing.T) {
				v.play(t, slices.Collect(slices.Chunk(whole, size)))
			})
		}
	}
}
