package reactortest

import (
	"reflect"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// factories counts the ports and connectors that use a factory, so that it is started and stopped once.
type factories map[protocol.Factory]int

// start is called for each port and connector.
func (fs *factories) start(f protocol.Factory) error {
	// Functions, and what holds them, cannot be told apart, and have nothing to start.
	if !reflect.TypeOf(f).Comparable() {
		return nil
	}
	if s, ok := f.(protocol.Starter); ok && (*fs)[f] == 0 {
		if err := s.StartFactory(); err != nil {
			return err
		}
	}
	if *fs == nil {
		*fs = factories{}
	}
	(*fs)[f]++
	return nil
}

// stop is called as often.
func (fs *factories) stop(f protocol.Factory) {
	if !reflect.TypeOf(f).Comparable() {
		return
	}
	if (*fs)[f]--; (*fs)[f] > 0 {
		return
	}
	delete(*fs, f)
	if s, ok := f.(protocol.Stopper); ok {
		s.StopFactory()
	}
}
