package wasmnet_test

import (
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/abi"
)

// BenchmarkEcho is one event that writes, with imports that do next to nothing: the SDK's own share.
func BenchmarkEcho(b *testing.B) {
	f := connected(b, "case", "echo")
	f.quiet = true
	f.receive(strings.Repeat("x", 64))
	event := f.module.ExportedFunction(abi.DataReceived.String())
	stack := make([]uint64, 2)
	b.ReportAllocs()
	for b.Loop() {
		stack[0], stack[1] = api.EncodeI32(1), api.EncodeI32(64)
		if err := event.CallWithStack(f.ctx, stack); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkConnection is the life of a connection: made, one echo, lost.
func BenchmarkConnection(b *testing.B) {
	f := connected(b, "case", "echo")
	f.quiet = true
	f.receive(strings.Repeat("x", 64))
	f.event(abi.ConnectionLost, 1, 0)
	for b.Loop() {
		f.event(abi.ConnectionMade, 1)
		f.event(abi.DataReceived, 1, 64)
		f.event(abi.ConnectionLost, 1, 0)
	}
}
