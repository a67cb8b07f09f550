package host

import (
	"fmt"
	"time"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A supervisor keeps the instance that all connections of a shard share. When it fails it is made anew: at once if it
// had lived for a while, otherwise after a pause that doubles each time. During a pause connections are refused.
type supervisor struct {
	shard   *shard
	inst    *instance
	pause   time.Duration // that the next early failure costs
	waiting protocol.DelayedCall
	cause   error // of the last failure, while waiting
	wanted  bool  // the service has started on this loop
}

// The figures are those of Twisted's process monitor.
const (
	goodLife   = time.Second // an instance that lived this long is made anew at once
	firstPause = time.Second
	lastPause  = time.Hour
)

// get returns the instance, which is made if there is none.
func (v *supervisor) get() (*instance, error) {
	if v.inst != nil {
		return v.inst, nil
	}
	if v.waiting != nil {
		return nil, fmt.Errorf("its instance is made anew at %s after it failed: %w",
			v.waiting.Time().Format(time.TimeOnly), v.cause)
	}
	i, err := v.shard.svc.fresh(v.shard)
	if err != nil {
		v.failed(nil, err)
		return nil, err
	}
	i.begun = v.shard.loop.Now()
	v.inst = i
	return i, nil
}

// keep makes the instance if there is none, for a service that does things of its own accord.
func (v *supervisor) keep() {
	if i, err := v.get(); err == nil && i.fresh {
		i.begin()
	}
}

// failed plans what comes after the failure of i, or of making one.
func (v *supervisor) failed(i *instance, err error) {
	if i != v.inst {
		return
	}
	v.inst = nil
	if v.waiting != nil || !v.wanted {
		return
	}
	pause := time.Duration(0)
	if i != nil && v.shard.loop.Now().Sub(i.begun) >= goodLife {
		v.pause = firstPause
	} else {
		pause = max(v.pause, firstPause)
		v.pause = min(2*pause, lastPause)
	}
	v.cause = err
	v.waiting = v.shard.loop.CallLater(pause, v.again)
	if pause > 0 {
		v.shard.svc.openCircuit(fmt.Sprintf("instance failed (%v), made anew in %v", err, pause))
	}
}

func (v *supervisor) again() {
	v.waiting, v.cause = nil, nil
	v.shard.svc.closeCircuit()
	if v.wanted {
		v.keep()
	}
}

// start is called on each loop of a service when its first port opens.
func (sh *shard) start() {
	switch {
	case sh.svc.isolation == PerConnection:
		if err := sh.pool.warm(prewarmed); err != nil {
			sh.svc.log.Error("instances could not be made ahead", "error", err)
		}
	case !sh.shared.wanted:
		sh.shared.wanted = true
		sh.shared.keep()
	}
}

// stop is called when the last port has closed. The guest hears of it as soon as it has no connection.
func (sh *shard) stop() {
	sh.active() // lets the pool go
	v := &sh.shared
	v.wanted = false
	if v.waiting != nil {
		_ = v.waiting.Cancel()
		v.waiting = nil
		sh.svc.closeCircuit()
	}
	if i := v.inst; i != nil && !i.running && !i.idle() {
		return
	}
	sh.farewell()
}

// farewell calls wasmnet_stop in one instance of a service whose connections each have their own, on the last loop
// that has none left.
func (sh *shard) farewell() {
	s := sh.svc
	if s.isolation != PerConnection || !s.stopping.Load() || s.open.Load() > 0 || s.code.events&(1<<abi.Stop) == 0 ||
		!s.saidGoodbye.CompareAndSwap(false, true) {
		return
	}
	sh.active() // lets the instance go, which is back in the pool by then
	i, err := sh.pool.take()
	if err != nil {
		s.log.Error("wasmnet_stop was not called", "error", err)
		return
	}
	i.postpone(i.goodbye)
	i.begin()
}

// goodbye delivers wasmnet_stop, the last event of an instance.
func (i *instance) goodbye() (here bool) {
	i.stopped = true
	return i.call(abi.Stop, 0, 0, 0)
}

func (s *Service) openCircuit(why string) {
	s.circuitWhy.Store(&why)
	s.log.Warn("connections are refused", "reason", why)
}

func (s *Service) closeCircuit() {
	if s.circuitWhy.Swap(nil) != nil {
		s.log.Info("connections are accepted again")
	}
}

func (s *Service) circuit() string {
	if why := s.circuitWhy.Load(); why != nil {
		return *why
	}
	return ""
}

// circuitOpen reports whether a connection would find no instance, as far as that is known before its loop is.
func (s *Service) circuitOpen() bool { return s.isolation == PerService && s.circuitWhy.Load() != nil }
