package reactor

import (
	"reflect"
	"sync"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// factories counts the ports and connectors of each factory that wants to know of its first and its last one.
type factories struct {
	mu  sync.Mutex
	use map[protocol.Factory]*factoryUse
}

type factoryUse struct {
	count   int
	mu      sync.Mutex // held while StartFactory runs
	started bool
}

// start counts one more port or connector of f, and calls StartFactory if it is the first.
func (fs *factories) start(f protocol.Factory) error {
	s, ok := f.(protocol.Starter)
	if !counted(f) {
		if ok {
			return s.StartFactory()
		}
		return nil
	}
	fs.mu.Lock()
	if fs.use == nil {
		fs.use = map[protocol.Factory]*factoryUse{}
	}
	u := fs.use[f]
	if u == nil {
		u = &factoryUse{}
		fs.use[f] = u
	}
	u.count++
	fs.mu.Unlock()

	u.mu.Lock()
	defer u.mu.Unlock()
	if u.started || !ok {
		return nil
	}
	if err := s.StartFactory(); err != nil {
		fs.drop(f)
		return err
	}
	u.started = true
	return nil
}

// stop undoes one start, and calls StopFactory after the last.
func (fs *factories) stop(f protocol.Factory) {
	s, ok := f.(protocol.Stopper)
	if (!counted(f) || fs.drop(f)) && ok {
		s.StopFactory()
	}
}

// drop counts one port or connector less, and reports whether that was the last.
func (fs *factories) drop(f protocol.Factory) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	u := fs.use[f]
	u.count--
	if u.count > 0 {
		return false
	}
	delete(fs.use, f)
	return true
}

// counted reports whether f wants to know, and can be told from other factories: one of a type that cannot be compared
// is started and stopped with each port.
func counted(f protocol.Factory) bool {
	switch f.(type) {
	case protocol.Starter, protocol.Stopper:
		return reflect.TypeOf(f).Comparable()
	}
	return false
}
