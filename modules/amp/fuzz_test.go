package amp

import (
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// FuzzServer: whatever comes, and however it is cut, the commands answer the same.
func FuzzServer(f *testing.F) {
	for _, box := range []string{
		"\x00\x04_ask\x00\x011\x00\x08_command\x00\x03Sum\x00\x01a\x00\x0213\x00\x01b\x00\x0281\x00\x00",
		"\x00\x04_ask\x00\x011\x00\x08_command\x00\x06Divide\x00\x09numerator\x00\x011\x00\x0bdenominator\x00\x010\x00\x00",
		"\x00\x04_ask\x00\x011\x00\x08_command\x00\x03Sum\x00\x01a\x00\x01x\x00\x00", "\x01\x00", "\x00\x00",
	} {
		f.Add([]byte(box))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		reactortest.CheckChunks(t, input, func() (protocol.Protocol, func() string) {
			factory, err := New(nil, Config{})
			if err != nil {
				t.Fatal(err)
			}
			return factory.BuildProtocol(nil), nil
		})
	})
}
