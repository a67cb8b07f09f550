//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasmnet/wasmnet/abi"
)

// stock is what one would write without wasmnet: wazero as it comes, interruptible, with an instance of its own for
// each connection.
type stock struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// stockKey finds the stockGuest that a call belongs to.
type stockKey struct{}

// stockGuest is one instance and its connection.
type stockGuest struct {
	ctx    context.Context
	module api.Module
	conn   net.Conn // nil: output is dropped
	buffer uint32
	wrote  int
	err    error
}

func newStock(ctx context.Context, file string) (*stock, error) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := &stock{runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(true))}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, s.runtime); err != nil {
		return nil, err
	}
	imports := s.runtime.NewHostModuleBuilder(abi.Version)
	for _, f := range abi.Imports {
		imports.NewFunctionBuilder().WithGoModuleFunction(stockImport(f), params(f), results(f)).Export(f.Name)
	}
	if _, err := imports.Instantiate(ctx); err != nil {
		return nil, err
	}
	s.compiled, err = s.runtime.CompileModule(ctx, wasm)
	return s, err
}

func params(f abi.Func) []api.ValueType {
	var types []api.ValueType
	for _, p := range f.Params {
		types = append(types, api.ValueType(p.Type))
	}
	return types
}

func results(f abi.Func) []api.ValueType {
	var types []api.ValueType
	for _, t := range f.Results {
		types = append(types, api.ValueType(t))
	}
	return types
}

// stockImport does what an echo needs of an import; the others are not offered.
func stockImport(f abi.Func) api.GoModuleFunc {
	return func(ctx context.Context, m api.Module, stack []uint64) {
		g, _ := ctx.Value(stockKey{}).(*stockGuest)
		switch f.Name {
		case "set_receive_buffer":
			g.buffer = uint32(stack[0])
			stack[0] = 0
		case "write":
			p, ok := m.Memory().Read(uint32(stack[1]), uint32(stack[2]))
			if !ok {
				panic(errors.New("write beyond the memory"))
			}
			if g.conn != nil {
				_, g.err = g.conn.Write(p)
			}
			g.wrote += len(p)
			stack[0] = 0
		case "conn_info":
			const address = "tcp:127.0.0.1:7" // of either end: an echo does not ask twice
			if !m.Memory().WriteString(uint32(stack[2]), address) {
				panic(errors.New("conn_info beyond the memory"))
			}
			stack[0] = uint64(len(address))
		default:
			if len(f.Results) > 0 {
				stack[0] = api.EncodeI32(int32(abi.Unsupported))
			}
		}
	}
}

// connect makes an instance for a connection and tells it so.
func (s *stock) connect(conn net.Conn) (*stockGuest, error) {
	g := &stockGuest{conn: conn}
	g.ctx = context.WithValue(context.Background(), stockKey{}, g)
	var err error
	if g.module, err = s.runtime.InstantiateModule(g.ctx, s.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions()); err != nil {
		return nil, err
	}
	return g, errors.Join(g.call("_initialize"), g.call("wasmnet_start"), g.call("connection_made", 1))
}

// call calls an export, if the guest has it.
func (g *stockGuest) call(name string, args ...uint64) error {
	f := g.module.ExportedFunction(name)
	if f == nil {
		return nil
	}
	if _, err := f.Call(g.ctx, args...); err != nil {
		return err
	}
	return g.err
}

// data gives the guest n bytes, which read puts into its buffer.
func (g *stockGuest) data(read func([]byte) (int, error)) error {
	p, ok := g.module.Memory().Read(g.buffer, 4096)
	if !ok {
		return errors.New("no receive buffer")
	}
	n, err := read(p)
	if err != nil {
		return err
	}
	return g.call("data_received", 1, uint64(n))
}

func (g *stockGuest) close() error {
	return errors.Join(g.call("connection_lost", 1, 0), g.module.Close(g.ctx))
}

// serveStock is a goroutine and an instance for each connection.
func serveStock(file string) error {
	s, err := newStock(context.Background(), file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "stock listening on tcp:%s\n", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			g, err := s.connect(c)
			for err == nil {
				err = g.data(c.Read)
			}
			if g != nil {
				_ = g.close()
			}
		}()
	}
}

// freshStock measures an instance of stock wazero through its life: made, one message, closed. Without all it is measured
// up to the first event that the guest wants to hear of, the connection or the message, and closed without a word.
func freshStock(file string, window time.Duration, all bool) (figures, error) {
	s, err := newStock(context.Background(), file)
	if err != nil {
		return nil, err
	}
	_, greets := s.compiled.ExportedFunctions()["connection_made"]
	out := message(64)
	n, began := 0, time.Now()
	for ; time.Since(began) < window; n++ {
		g, err := s.connect(nil)
		if err != nil {
			return nil, err
		}
		if all || !greets {
			err = g.data(func(p []byte) (int, error) { return copy(p, out), nil })
			if err == nil && g.wrote != len(out) {
				err = fmt.Errorf("%s wrote %d bytes of %d", file, g.wrote, len(out))
			}
		}
		if all {
			err = errors.Join(err, g.close())
		} else {
			err = errors.Join(err, g.module.Close(g.ctx))
		}
		if err != nil {
			return nil, err
		}
	}
	return figures{perUnit: float64(time.Since(began)) / float64(n)}, s.runtime.Close(context.Background())
}
