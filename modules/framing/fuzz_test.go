package framing

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// FuzzReport: whatever comes, and however it is cut, every framing reports the same messages.
func FuzzReport(f *testing.F) {
	for n, input := range []string{"one\r\ntwo\r\n", "one\r\n", "5:hello,0:,", "\x02hi", "\x00\x02hi", "\x00\x00\x00\x02hi"} {
		f.Add(uint8(n), []byte(input))
	}
	f.Fuzz(func(t *testing.T, kind uint8, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			var out strings.Builder
			factory, err := New(nil, Config{Framing: framings[int(kind)%len(framings)], App: AppEcho, Output: &out})
			if err != nil {
				t.Fatal(err)
			}
			return factory.BuildProtocol(nil), out.String
		})
	})
}
