package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// What things cost, in units of fuel. One unit is about what one simple instruction takes; the figures for the rest
// keep a guest from getting much more time for its fuel by choosing them.
const (
	costPlain    = 1
	costDivide   = 8  // integer division and remainder, floating-point division and square root
	costVector   = 2  // SIMD
	costCall     = 4  // call of a function of the guest
	costIndirect = 8  // call_indirect
	costImport   = 64 // call of the host, which leaves compiled code and comes back
	costGrow     = 64 // memory.grow and table.grow, whether they succeed or not

	// bytesPerUnit is how many bytes memory.fill, memory.copy and memory.init move for one unit; it is a power of two.
	bytesPerUnit = 1 << bytesShift
	bytesShift   = 4
	// pageUnits is what each page costs that memory.grow adds: it is zeroed or copied.
	pageUnits = 64 << 10 >> bytesShift
)

var plainCost = costs()

// costs gives the cost of each instruction without prefix. Instructions that only shape the code are free.
func costs() (t [256]uint8) {
	for i := range t {
		t[i] = costPlain
	}
	for _, op := range []wasm.Op{wasm.OpBlock, wasm.OpLoop, wasm.OpElse, wasm.OpEnd, wasm.OpNop} {
		t[op] = 0
	}
	// i32.div_s to i32.rem_u, i64.div_s to i64.rem_u, f32.sqrt, f32.div, f64.sqrt, f64.div.
	for _, op := range []int{0x6d, 0x6e, 0x6f, 0x70, 0x7f, 0x80, 0x81, 0x82, 0x91, 0x95, 0x9f, 0xa3} {
		t[op] = costDivide
	}
	t[wasm.OpCall] = costCall
	t[wasm.OpCallIndirect] = costIndirect
	t[wasm.OpMemoryGrow] = costGrow
	return t
}

// cost is what one instruction costs, without what its operands add at run time. imports is the number of imported
// functions, which come first.
func cost(in *wasm.Instr, imports uint32) int64 {
	switch {
	case in.Op == wasm.OpCall && in.X < imports:
		return costImport
	case in.Op <= 0xff:
		return int64(plainCost[in.Op])
	case in.Op == wasm.OpTableGrow:
		return costGrow
	case in.Op>>8 == 0xfd:
		return costVector
	}
	return costPlain
}
