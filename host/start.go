package host

import (
	"fmt"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host/internal/image"
)

// startBudget is how many events' fuel start-up may use.
const startBudget = 10

// start makes an instance from nothing and runs its start-up code to the end, with a budget of some events.
func (s *Service) start(sh *shard, events int64) (*instance, error) {
	i, err := s.unstarted(sh)
	if err != nil {
		return nil, err
	}
	// What does not fit in 62 bits is as good as unlimited.
	if s.fuel < 1<<62/events {
		i.meter.budget = s.fuel * events
	}
	s.host.turns.take()
	err = i.startUp()
	s.host.turns.give()
	if err != nil {
		i.drop()
		return nil, err
	}
	i.meter.budget = s.fuel
	return i, nil
}

// unstarted makes an instance whose memory holds the module's data segments, and whose code has not run.
func (s *Service) unstarted(sh *shard) (*instance, error) {
	if err := s.claim(); err != nil {
		return nil, err
	}
	m, err := s.newMachine(image.NewStartup(s.memoryLimit(), nil))
	if err != nil {
		s.instances.Add(-1)
		return nil, err
	}
	i := m.guest(sh)
	for n, d := range s.code.data {
		if !i.memory.Write(d.Offset, d.Bytes) {
			err := fmt.Errorf("data segment %d: bytes %d to %d are outside of the memory of %d bytes",
				n, d.Offset, uint64(d.Offset)+uint64(len(d.Bytes)), i.memory.Size())
			i.drop()
			return nil, err
		}
	}
	return i, nil
}

func (s *Service) memoryLimit() uint64 {
	return uint64(s.limits.Memory) &^ (image.PageSize - 1)
}

// startUp runs the start function, _initialize and wasmnet_start.
func (i *instance) startUp() error {
	if n := i.svc.code.start; n >= 0 {
		if err := i.invoke(abi.Event(n), 0, 0, 0); err != nil {
			return err
		}
	}
	for _, e := range []abi.Event{abi.Initialize, abi.Start} {
		if !i.exports(e) {
			continue
		}
		if err := i.invoke(e, 0, 0, 0); err != nil {
			return err
		}
	}
	if i.exports(abi.Start) {
		return startStatus(int32(i.stack[0]))
	}
	return nil
}

// startStatus is what wasmnet_start's result means.
func startStatus(status int32) error {
	if status != 0 {
		return fmt.Errorf("wasmnet_start returned %d: it refuses to start", status)
	}
	return nil
}

// capture makes the state of i the service's snapshot, and drops i.
func (s *Service) capture(i *instance) error {
	defer i.drop()
	s.snapshot.receive = i.receive
	s.snapshot.globals = make([]uint64, len(i.globals))
	for n, g := range i.globals {
		s.snapshot.globals[n] = g.Get()
	}
	if !s.code.imageable {
		return nil
	}
	s.host.garbage.add(int64(len(i.linear.Bytes())))
	var err error
	s.snapshot.memory, err = image.New(i.linear.Bytes(), image.Config{Max: s.memoryLimit()})
	return err
}

// startedAgain returns a fresh instance of a module whose state cannot be captured: it starts up by itself, as its
// first calls, so that one that takes long leaves the loop like any other.
func (s *Service) startedAgain(sh *shard) (*instance, error) {
	i, err := s.unstarted(sh)
	if err != nil {
		return nil, err
	}
	i.unstarted = true
	return i, nil
}

// begin runs what comes before an instance's first event, and then what has been waiting for it.
func (i *instance) begin() (here bool) {
	i.fresh = false
	first := i.svc.isolation != PerConnection && i.exit == nil && !i.stopped || i.alone
	account := i.starting // the connection that the instance is made for
	if first {
		account = nil
	}
	if !i.unstarted && !first {
		i.account = account
		return i.call(abi.Restored, 0, 0, 0)
	}
	var steps []step
	add := func(e abi.Event) {
		steps = append(steps, func() bool {
			i.account = account
			return i.call(e, 0, 0, 0)
		})
	}
	if i.unstarted {
		i.unstarted = false
		if n := i.svc.code.start; n >= 0 {
			steps = append(steps, func() bool {
				i.account = account
				return i.callNumber(abi.Event(n), 0, 0, 0)
			})
		}
		add(abi.Initialize)
		if i.exports(abi.Start) {
			add(abi.Start)
			steps = append(steps, func() bool {
				if err := startStatus(int32(i.stack[0])); err != nil {
					i.fail(err)
				}
				return true
			})
		}
	}
	add(abi.Restored)
	if first {
		add(abi.WhenRunning)
	}
	i.later = append(steps, i.later...)
	return i.drain()
}
