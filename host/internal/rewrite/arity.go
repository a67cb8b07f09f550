package rewrite

import "github.com/wasmnet/wasmnet/host/internal/wasm"

// effect is how many operands an instruction takes off the stack and how many it puts there.
type effect struct{ pops, pushes uint8 }

var (
	plainEffect = effects(
		spread{effect{0, 1}, "202023233f3f4144d0d0d2d2"},
		spread{effect{1, 0}, "04040d0e1a1a21212424"},
		spread{effect{1, 1}, "2222252528354040454550506769797b8b91999fa7c4d1d1"},
		spread{effect{2, 0}, "2626363e"},
		spread{effect{2, 1}, "464f51666a787c8a9298a0a6"},
		spread{effect{3, 1}, "1b1c"},
	)
	miscEffect = effects(
		spread{effect{0, 1}, "1010"},
		spread{effect{1, 1}, "0007"},
		spread{effect{2, 1}, "0f0f"},
		spread{effect{3, 0}, "08080a0c0e0e1111"},
	)
	simdEffect = effects(
		spread{effect{2, 1}, "00ff"}, // what is not named below
		spread{effect{0, 1}, "0c0c"},
		spread{effect{1, 1}, "000a0f161819" + "1b1b1d1d1f1f2121" + "4d4d53535c64676a74757a7a7c818384878a9494" +
			"a0a1a3a4a7aac0c1c3c4c7cae0e1e3e3ecedefeff8ff"},
		spread{effect{2, 0}, "0b0b585b"},
		spread{effect{3, 1}, "5252"},
	)
)

// spread gives an effect to ranges of opcodes: pairs of two hexadecimal digits each, first and last.
type spread struct {
	effect
	ranges string
}

func effects(spreads ...spread) (t [256]effect) {
	for _, s := range spreads {
		for i := 0; i < len(s.ranges); i += 4 {
			for op := hex(s.ranges[i:]); op <= hex(s.ranges[i+2:]); op++ {
				t[op] = s.effect
			}
		}
	}
	return t
}

func hex(s string) int {
	digit := func(c byte) int {
		if c >= 'a' {
			return int(c-'a') + 10
		}
		return int(c - '0')
	}
	return digit(s[0])<<4 | digit(s[1])
}

// effectOf returns the effect of an instruction other than calls. Of if, br_if and br_table it is the condition; the
// operands of blocks and branches are the business of the caller.
func effectOf(op wasm.Op) effect {
	switch op >> 8 {
	case 0:
		return plainEffect[op]
	case 0xfc:
		return miscEffect[op&0xff]
	}
	return simdEffect[op&0xff]
}

// operands follows the height of the operand stack, to tell how many operands need a place in the stack frame: those
// that wait there while a function is called, and those beyond what registers may hold.
type operands struct {
	types   []wasm.FuncType
	height  int
	counted int // operands up to this height have been counted
	spilled int // the count
}

// registers is how many operands are taken to stay in registers.
const registers = 8

func (o *operands) pop(n int) {
	o.height = max(o.height-n, 0)
	o.counted = min(o.counted, o.height)
}

func (o *operands) push(n int) {
	o.height += n
	if over := o.height - max(o.counted, registers); over > 0 {
		o.spilled += min(over, n)
	}
}

// call notes a call: what lies below its arguments waits.
func (o *operands) call(t *wasm.FuncType, extra int) {
	o.pop(len(t.Params) + extra)
	o.spilled += o.height - o.counted
	o.counted = o.height
	o.push(len(t.Results))
}

// arity returns the numbers of parameters and results of a block.
func (o *operands) arity(b wasm.BlockType) (params, results int) {
	switch {
	case b.Type != wasm.NoType:
		t := &o.types[b.Type]
		return len(t.Params), len(t.Results)
	case b.Result != 0:
		return 0, 1
	}
	return 0, 0
}
