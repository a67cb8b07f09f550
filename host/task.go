package host

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// A task is one run of run_task, off the loop, in a worker: a fresh instance of the service's image that has no loop
// and shares no memory with whoever asked for it.
type task struct {
	svc    *Service
	input  []byte
	result []byte
	most   int // bytes of result that the caller can take
	worker atomic.Pointer[instance]
	over   atomic.Bool
}

// run runs the task and returns what the caller is told.
func (t *task) run() (status int32, result []byte) {
	i, err := t.svc.worker()
	if err == nil {
		status, err = t.runIn(i)
		t.svc.workDone(i, err)
	}
	if err == nil {
		return status, t.result
	}
	var limit *LimitError
	switch {
	case errors.Is(err, protocol.ErrConnectingCancelled):
		return int32(abi.Cancelled), nil
	case errors.As(err, &limit):
		return int32(abi.Limit), nil
	}
	return int32(abi.IO), nil
}

func (t *task) runIn(i *instance) (status int32, err error) {
	i.task = t
	t.worker.Store(i)
	if t.over.Load() {
		return 0, protocol.ErrConnectingCancelled
	}
	t.svc.host.turns.take()
	defer t.svc.host.turns.give()
	if i.exports(abi.Restored) {
		if err := i.invoke(abi.Restored, 0, 0, 0); err != nil {
			return 0, err
		}
	}
	n, ok := i.put(t.input)
	if !ok {
		return int32(abi.TooBig), nil
	}
	if err := i.invoke(abi.RunTask, n, 0, 0); err != nil {
		return 0, err
	}
	return int32(i.stack[0]), nil
}

// stop ends the task, wherever it is.
func (t *task) stop() {
	t.over.Store(true)
	if i := t.worker.Load(); i != nil {
		i.cut.end(protocol.ErrConnectingCancelled)
	}
}

func taskResult(i *instance, s []uint64) {
	p := i.view(s[0], s[1])
	switch {
	case i.task == nil:
		ret(s, abi.Denied)
	case len(p) > i.task.most:
		ret(s, abi.TooBig)
	default:
		i.chargeBytes(s[1])
		i.task.result = append([]byte(nil), p...)
		ret(s, abi.OK)
	}
}

// workers are the fresh machines that wait for tasks.
type workers struct {
	mu   sync.Mutex
	free []*machine
}

const maxFreeWorkers = 4

// worker returns an instance for a task.
func (s *Service) worker() (*instance, error) {
	s.workers.mu.Lock()
	if n := len(s.workers.free); n > 0 {
		m := s.workers.free[n-1]
		s.workers.free = s.workers.free[:n-1]
		s.workers.mu.Unlock()
		return m.guest(nil), nil
	}
	s.workers.mu.Unlock()
	if s.snapshot.memory == nil {
		return s.start(nil, startBudget)
	}
	return s.fresh(nil)
}

// workDone ends the instance, and keeps its machine for another task if there is use for it.
func (s *Service) workDone(i *instance, err error) {
	if err != nil {
		if !errors.Is(err, protocol.ErrConnectingCancelled) {
			s.failed(i, err)
		}
		i.drop()
		return
	}
	i.finish()
	m := i.vacate()
	fresh := m.reset()
	s.workers.mu.Lock()
	keep := fresh && len(s.workers.free) < maxFreeWorkers
	if keep {
		s.workers.free = append(s.workers.free, m)
	}
	s.workers.mu.Unlock()
	if !keep {
		m.close()
		s.instances.Add(-1)
	}
}
