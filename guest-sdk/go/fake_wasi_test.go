package wasmnet_test

import (
	"context"
	"encoding/binary"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasmnet/wasmnet/abi"
)

// offerWASI offers wazero's WASI, but for what the host does otherwise: the descriptor of the next event, of which
// guests that wait are told that it is ready.
func offerWASI(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.WASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	i32 := api.ValueTypeI32
	b.NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(pollOneoff), []api.ValueType{i32, i32, i32, i32}, []api.ValueType{i32}).
		Export("poll_oneoff")
	b.NewFunctionBuilder().
		WithGoModuleFunction(api.GoModuleFunc(fdStat), []api.ValueType{i32, i32}, []api.ValueType{i32}).
		Export("fd_fdstat_get")
	_, err := b.Instantiate(ctx)
	return err
}

// pollOneoff reports a clock whose time is 0 alone, and the descriptor of the next event otherwise; how long the guest
// would sleep is what the fake says.
func pollOneoff(ctx context.Context, m api.Module, stack []uint64) {
	const subscription, event = 48, 32
	n := uint32(stack[2])
	in, _ := m.Memory().Read(uint32(stack[0]), n*subscription)
	out, ok := m.Memory().Read(uint32(stack[1]), event)
	f := ctx.Value(fakeKey{}).(*fake)
	if !ok || n < 1 || n > 2 {
		f.t.Errorf("poll_oneoff with %d subscriptions", n)
		return
	}
	f.sleep = -1
	chosen := in[(n-1)*subscription:] // the descriptor is the last
	if n == 2 {
		if f.sleep = int64(binary.LittleEndian.Uint64(in[24:])); f.sleep == 0 {
			chosen = in
		}
	}
	clear(out)
	copy(out, chosen[:8])
	out[10] = chosen[8]
	m.Memory().WriteUint32Le(uint32(stack[3]), 1)
	stack[0] = 0
}

// fdStat describes the descriptor of the next event, and has no other.
func fdStat(_ context.Context, m api.Module, stack []uint64) {
	const badDescriptor, characterDevice, nonBlocking = 8, 2, 4
	if uint32(stack[0]) != abi.WaitDescriptor {
		stack[0] = badDescriptor
		return
	}
	out, _ := m.Memory().Read(uint32(stack[1]), 24)
	clear(out)
	out[0], out[2] = characterDevice, nonBlocking
	stack[0] = 0
}
