package rewrite

import (
	"slices"

	"github.com/wasmnet/wasmnet/host/internal/wasm"
)

// slack is how many units a region may be charged for code that it does not reach: conditional code shorter than that
// is paid for before the condition is known, which spares it an accounting of its own.
const slack = 32

// charge is an amount to be taken from the fuel before the instruction at pos runs.
type charge struct {
	pos  int
	cost int64
}

// plan is what is known of a body before it is rewritten.
type plan struct {
	charges  []charge // in the order of pos
	total    int64    // cost of all instructions, each once
	head     int      // where a loop without parameters begins that every call reaches at once; -1: there is none
	calls    bool     // it calls functions, of the guest or of the host
	indirect bool     // it has call_indirect
	leaves   bool     // a branch has the function itself as its target
	values   int      // assignments to locals, results of calls, operands: what may need a place in the stack frame
	vectors  bool     // some of them may be v128
}

// planner divides bodies into regions: runs of instructions that are executed all or none each time the first is
// reached, wherever they stand. It is one walk over the structured code, with a stack of the open blocks and a stack of
// the open regions:
//
//   - The function's entry and a loop's header begin regions. So do the arms of an if and what follows a br_if.
//   - Code behind a block's end belongs to the region in which the block began, unless some branch inside the block
//     leads out beyond it: then it is reached only sometimes, and begins a region.
//
// Every region is paid for in full as it begins. A region that hangs on a condition and is short is added to the one
// that dominates it, see slack.
type planner struct {
	r       wasm.Reader
	in      wasm.Instr
	imports uint32
	frames  []planFrame
	regions []region // all of the body, in the order of their beginnings
	open    []int    // indices into regions, outermost first
	dead    bool     // the code at hand cannot be reached
	slack   int64
	stack   operands
	types   []uint32 // of functions
	plan    plan
}

func newPlanner(m *wasm.Module) *planner {
	return &planner{imports: uint32(m.NumImported(wasm.ExternFunc)), types: m.FuncTypeIndices(), slack: slack,
		stack: operands{types: m.Types}}
}

type planFrame struct {
	op      wasm.Op // OpBlock, OpLoop, OpIf, OpElse
	base    int     // len(open) where the block began
	escape  int     // index of the outermost frame to which a branch inside leads
	table   int     // the same for br_table only
	reached bool    // a branch leads to the end, or an arm falls through to it
	dead    bool    // the whole block cannot be reached
	height  int     // of the operand stack below the block's parameters
	params  int
	results int
}

type region struct {
	charge
	slack int64 // what it has taken over
	fixed bool  // it must keep its own charge
}

// reset prepares for a body.
func (p *planner) reset(b *wasm.Body) {
	p.r.Reset(b)
	p.frames, p.regions, p.open, p.dead = p.frames[:0], p.regions[:0], p.open[:0], false
	p.plan = plan{charges: p.plan.charges[:0], head: -1}
	p.stack = operands{types: p.stack.types}
	p.push(wasm.OpBlock, wasm.BlockType{Type: wasm.NoType})
	p.begin(0, true)
}

func (p *planner) analyse(b *wasm.Body) *plan {
	p.reset(b)
	for p.r.More() {
		p.r.Next(&p.in)
		p.step()
	}
	for _, r := range p.regions {
		if r.cost > 0 {
			p.plan.charges = append(p.plan.charges, r.charge)
		}
	}
	p.plan.values += p.stack.spilled
	return &p.plan
}

func (p *planner) step() {
	in := &p.in
	c := cost(in, p.imports)
	p.plan.total += c
	if !p.dead {
		p.regions[p.open[len(p.open)-1]].cost += c
		p.operate()
	}
	switch in.Op {
	case wasm.OpBlock:
		p.push(wasm.OpBlock, in.Block)
	case wasm.OpLoop:
		p.noteHead()
		p.push(wasm.OpLoop, in.Block)
		p.begin(in.End, true)
	case wasm.OpIf:
		p.push(wasm.OpIf, in.Block)
		p.begin(in.End, false)
	case wasm.OpElse:
		p.orElse()
	case wasm.OpEnd:
		p.pop()
	case wasm.OpBr:
		p.branch(in.X)
		p.dead = true
	case wasm.OpBrIf:
		p.branch(in.X)
		p.begin(in.End, false)
	case wasm.OpBrTable:
		p.branchTable()
		p.dead = true
	case wasm.OpReturn:
		if !p.dead {
			p.top().escape = 0
		}
		p.dead = true
	case wasm.OpUnreachable:
		p.dead = true
	case wasm.OpCall, wasm.OpCallIndirect:
		p.plan.calls = true
		p.plan.indirect = p.plan.indirect || in.Op == wasm.OpCallIndirect
		p.plan.values++
	case wasm.OpLocalSet, wasm.OpLocalTee:
		p.plan.values++
	}
}

// noteHead notes that a loop begins where nothing but a few instructions has been before: standard Go begins all its
// functions like that.
func (p *planner) noteHead() {
	params, _ := p.stack.arity(p.in.Block)
	if len(p.regions) == 1 && !p.dead && !p.plan.calls && p.plan.total <= slack && params == 0 {
		p.plan.head = p.in.Pos
	}
}

func (p *planner) top() *planFrame { return &p.frames[len(p.frames)-1] }

func (p *planner) push(op wasm.Op, t wasm.BlockType) {
	i := len(p.frames)
	params, results := p.stack.arity(t)
	p.frames = append(p.frames, planFrame{op: op, base: len(p.open), escape: i, table: i, dead: p.dead,
		height: max(p.stack.height-params, 0), params: params, results: results})
}

// operate follows what the instruction at hand does to the operand stack.
func (p *planner) operate() {
	in, o := &p.in, &p.stack
	switch in.Op {
	case wasm.OpCall:
		o.call(&o.types[p.types[in.X]], 0)
	case wasm.OpCallIndirect:
		o.call(&o.types[in.X], 1)
	default:
		e := effectOf(in.Op)
		o.pop(int(e.pops))
		o.push(int(e.pushes))
		p.plan.vectors = p.plan.vectors || in.Op>>8 == 0xfd
	}
}

// restore puts the operand stack to the height that it has at the beginning of an else or behind an end.
func (p *planner) restore(height int) {
	p.stack.counted = min(p.stack.counted, height)
	p.stack.height = height
}

// begin opens a region. Nothing is opened in code that cannot be reached.
func (p *planner) begin(pos int, fixed bool) {
	if p.dead {
		return
	}
	p.open = append(p.open, len(p.regions))
	p.regions = append(p.regions, region{charge: charge{pos: pos}, fixed: fixed})
}

// closeTo closes the innermost regions until n are open, adding short ones to those that dominate them.
func (p *planner) closeTo(n int) {
	for len(p.open) > n {
		last := len(p.open) - 1
		r := &p.regions[p.open[last]]
		p.open = p.open[:last]
		if r.fixed {
			continue
		}
		if to := &p.regions[p.open[last-1]]; to.slack+r.cost <= p.slack {
			to.cost += r.cost
			to.slack += r.cost
			r.cost = 0
		}
	}
}

func (p *planner) orElse() {
	f := p.top()
	f.op = wasm.OpElse
	f.reached = f.reached || !p.dead
	p.dead = f.dead
	p.restore(f.height + f.params)
	p.closeTo(f.base)
	p.begin(p.in.End, false)
}

func (p *planner) pop() {
	i := len(p.frames) - 1
	f := p.frames[i]
	p.frames = p.frames[:i]
	p.closeTo(f.base)
	p.restore(f.height + f.results)
	if i == 0 {
		return
	}
	outer := p.top()
	outer.escape = min(outer.escape, f.escape)
	outer.table = min(outer.table, f.table)
	// An if without else is passed when its condition is false.
	p.dead = f.dead || p.dead && !f.reached && f.op != wasm.OpIf
	if f.escape < i {
		// The arms of a switch are entered seldom each: none is paid for by the code before the switch.
		p.begin(p.in.End, f.table < i)
	}
}

// branch notes a branch to a label.
func (p *planner) branch(label uint32) {
	to := len(p.frames) - 1 - int(label)
	if to == 0 {
		p.plan.leaves = true
	}
	if p.dead {
		return
	}
	f := p.top()
	f.escape = min(f.escape, to)
	if t := &p.frames[to]; t.op != wasm.OpLoop {
		t.reached = true
	}
}

func (p *planner) branchTable() {
	far := p.in.X
	if len(p.in.Labels) > 0 {
		far = max(far, slices.Max(p.in.Labels))
	}
	for _, l := range p.in.Labels {
		p.branch(l)
	}
	p.branch(p.in.X)
	if !p.dead {
		f := p.top()
		f.table = min(f.table, len(p.frames)-1-int(far))
	}
}
