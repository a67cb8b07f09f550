//go:build wasip1

package wasmnet

import (
	"reflect"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// use counts what a factory that wants to know serves: ports, connectors, the service itself.
type use struct {
	factory protocol.Factory
	count   int
}

var uses []*use

// followed reports whether f wants to hear of its start or stop. Only a factory that can be told from others can.
func followed(f protocol.Factory) bool {
	_, starts := f.(protocol.Starter)
	_, stops := f.(protocol.Stopper)
	return (starts || stops) && reflect.TypeOf(f).Comparable()
}

// startFactory notes one more use of f, and starts it with the first.
func startFactory(f protocol.Factory) error {
	if !followed(f) {
		return nil
	}
	for _, u := range uses {
		if u.factory == f {
			u.count++
			return nil
		}
	}
	if s, ok := f.(protocol.Starter); ok {
		if err := s.StartFactory(); err != nil {
			return err
		}
	}
	uses = append(uses, &use{f, 1})
	return nil
}

// stopFactory undoes one startFactory, and stops f with the last.
func stopFactory(f protocol.Factory) {
	if !followed(f) {
		return
	}
	for i, u := range uses {
		if u.factory != f {
			continue
		}
		if u.count--; u.count > 0 {
			return
		}
		uses = append(uses[:i], uses[i+1:]...)
		if s, ok := f.(protocol.Stopper); ok {
			s.StopFactory()
		}
		return
	}
}
