package host

import (
	"context"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/rewrite"
)

// An importFunc carries an import out. stack holds the arguments, and takes the result at its beginning.
type importFunc func(i *instance, stack []uint64)

// A hostFunc is an import as wazero calls it: without reflection, and with the instance as the context.
type hostFunc struct {
	name    string
	params  []api.ValueType
	results []api.ValueType
	cost    int64 // fuel, beside that of the call
	anyway  bool  // may be carried out beside the loop, by a call that has left it
	call    importFunc
}

// Call implements api.GoFunction.
func (f *hostFunc) Call(ctx context.Context, stack []uint64) {
	i := ctx.(*instance)
	i.charge(f.cost)
	if i.meter.debt >= settleAt {
		i.settle()
	}
	if i.away && !f.anyway {
		i.relay(f.call, stack)
		return
	}
	f.call(i, stack)
}

// ret puts an error code or a result of 32 bits on the stack.
func ret[T ~int32](stack []uint64, v T) { stack[0] = uint64(uint32(v)) }

// Costs of imports in fuel, by what they do besides being called.
const (
	costCheap   = 50    // reads or writes a few fields
	costIO      = 500   // works on a connection
	costSystem  = 5_000 // makes system calls or starts something
	bytesAUnit  = 16    // copied for one unit
	randomAUnit = 1     // random bytes for one unit
)

// chargeBytes takes fuel for n bytes that an import copies.
func (i *instance) chargeBytes(n uint64) { i.charge(int64(uint32(n)) / bytesAUnit) }

// offered are the imports that have an implementation, by name. The others of the ABI return UNSUPPORTED.
var offered = map[string]hostFunc{
	"set_receive_buffer": {cost: costCheap, anyway: true, call: setReceiveBuffer},
	"log":                {cost: costSystem, call: logLine},
	"metric":             {cost: costIO, anyway: true, call: recordMetric},
	"config":             {cost: costCheap, anyway: true, call: readConfig},
	"now":                {cost: costCheap, anyway: true, call: readClock},
	"random":             {cost: costIO, anyway: true, call: random},
	"stop":               {cost: costCheap, call: stop},

	"write":                 {cost: costIO, call: write},
	"lose_connection":       {cost: costIO, call: loseConnection},
	"abort_connection":      {cost: costIO, call: abortConnection},
	"lose_write_connection": {cost: costIO, call: loseWriteConnection},
	"pause_reading":         {cost: costIO, call: pauseReading},
	"resume_reading":        {cost: costIO, call: resumeReading},
	"connect":               {cost: costSystem, call: opening((*instance).connect)},
	"listen":                {cost: costSystem, call: opening((*instance).listen)},
	"stop_listening":        {cost: costSystem, call: stopListening},
	"start_tls":             {cost: costSystem, call: startTLS},
	"splice":                {cost: costSystem, call: splice},
	"conn_info":             {cost: costIO, call: connInfo},
	"set_option":            {cost: costIO, call: setOption},
	"send_datagram":         {cost: costSystem, call: sendDatagram},

	"call_later":      {cost: costIO, call: callLater},
	"cancel_timer":    {cost: costIO, call: cancelTimer},
	"resolve":         {cost: costSystem, call: resolve},
	"defer_to_thread": {cost: costSystem, call: deferToThread},
	"task_result":     {cost: costCheap, anyway: true, call: taskResult},
	"cancel":          {cost: costIO, call: cancel},
}

// unsupported answers for an import that has no implementation. Its ranges are looked at all the same, so that a guest
// does not come to depend on them being ignored.
func unsupported(params []abi.Param) importFunc {
	var ranges []int
	for n, p := range params {
		if p.Name == "ptr" || strings.HasSuffix(p.Name, "_ptr") {
			ranges = append(ranges, n)
		}
	}
	return func(i *instance, stack []uint64) {
		for _, n := range ranges {
			i.view(stack[n], stack[n+1])
		}
		ret(stack, abi.Unsupported)
	}
}

// abiImports are all functions of module wasmnet_v1.
var abiImports = func() map[string]*hostFunc {
	all := map[string]*hostFunc{}
	for _, f := range abi.Imports {
		h, ok := offered[f.Name]
		if !ok {
			h = hostFunc{cost: costCheap, anyway: true, call: unsupported(f.Params)}
		}
		h.name = f.Name
		for _, p := range f.Params {
			h.params = append(h.params, api.ValueType(p.Type))
		}
		for _, r := range f.Results {
			h.results = append(h.results, api.ValueType(r))
		}
		all[f.Name] = &h
	}
	return all
}()

// internalImports are what the rewriter makes guests import.
var internalImports = map[string]*hostFunc{
	rewrite.Refuel: {
		name: rewrite.Refuel, params: []api.ValueType{api.ValueTypeI64}, results: []api.ValueType{api.ValueTypeI64},
		anyway: true,
		call:   func(i *instance, stack []uint64) { stack[0] = uint64(i.refuel(-int64(stack[0]))) },
	},
	rewrite.Overflow: {
		name: rewrite.Overflow, anyway: true,
		call: func(i *instance, _ []uint64) { panic(i.svc.limitError("stack")) },
	},
	rewrite.TableFull: {
		name: rewrite.TableFull, anyway: true,
		call: func(i *instance, _ []uint64) { i.svc.breach(i, i.account, "table") },
	},
}

// offerImports makes the host's functions known to the runtime.
func (h *Host) offerImports(ctx context.Context) error {
	for module, funcs := range map[string]map[string]*hostFunc{
		abi.Version: abiImports, abi.WASI: wasiImports, rewrite.InternalModule: internalImports,
	} {
		b := h.runtime.NewHostModuleBuilder(module)
		for name, f := range funcs {
			b.NewFunctionBuilder().WithGoFunction(f, f.params, f.results).Export(name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return err
		}
	}
	return nil
}
