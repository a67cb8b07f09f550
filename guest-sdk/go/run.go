//go:build wasip1

package wasmnet

import (
	"errors"
	"runtime/debug"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// gcPercent is the garbage collector's target for guests. The runtime's 100 would let every instance gather 4 MiB of
// garbage before the first collection; 25 lets it gather 1 MiB. Programs may set their own in an init function.
const gcPercent = 25

var (
	serve       func(protocol.Reactor, Config) (protocol.Factory, error) // given to Run
	program     func(protocol.Reactor, Config)                           // given to Main
	rootFactory protocol.Factory                                         // what serve returned
)

func init() { debug.SetGCPercent(gcPercent) }

// Run makes this module a server: f is called once when the service starts, and the factory that it returns builds the
// protocol of every connection the service has. An error refuses the start; so does one of the factory's StartFactory.
// What f and the factory leave in memory is part of the image that every sandbox starts from.
//
// Run is called from an init function: a guest's main is never called. f must not open, dial, or start timers.
func Run(f func(r protocol.Reactor, c Config) (protocol.Factory, error)) { serve = f }

// Main makes this module a program: f is called when the program runs, as the first event. It is called from an init
// function. The program ends when nothing is pending any more, or with the status given to the reactor's Stop.
func Main(f func(r protocol.Reactor, c Config)) { program = f }

func start() int32 {
	if code := hostSetReceiveBuffer(bytesPtr(hot.receive[:]), int32(len(hot.receive))); code < 0 {
		Log(abi.LogError, "set_receive_buffer: "+abi.Code(code).Error())
		return 1
	}
	if serve != nil {
		factory, err := serve(theReactor, Config{})
		if err == nil && factory == nil {
			err = errors.New("the module returned no factory")
		}
		if err == nil {
			err = startFactory(factory)
		}
		if err != nil {
			Log(abi.LogError, "start refused: "+err.Error())
			return 1
		}
		rootFactory = factory
	}
	endTurn()
	if f, ok := rootFactory.(ReadyFactory); ok {
		if err := f.Ready(); err != nil {
			Log(abi.LogError, "start refused: "+err.Error())
			return 1
		}
	}
	settle()
	hot.running = true
	return 0
}

func whenRunning() {
	if program != nil {
		program(theReactor, Config{})
	}
}

func stopRoot() {
	if rootFactory != nil {
		stopFactory(rootFactory)
	}
}

// Config is the configuration of the service, as the operator gave it.
type Config struct{}

// Lookup returns the value of key; ok is false if it is not set.
func (Config) Lookup(key string) (value string, ok bool) {
	var small [128]byte
	buf := small[:]
	for {
		n := hostConfig(stringPtr(key), int32(len(key)), bytesPtr(buf), int32(len(buf)))
		if n < 0 {
			return "", false
		}
		if int(n) <= len(buf) {
			return string(buf[:n]), true
		}
		buf = make([]byte, n)
	}
}

// Get returns the value of key, or the empty text.
func (c Config) Get(key string) string {
	value, _ := c.Lookup(key)
	return value
}
