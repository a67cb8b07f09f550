package reactor

import (
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signals ends a reactor on SIGINT and SIGTERM.
type signals struct {
	reactor  *Reactor
	deadline time.Duration
}

// HandleSignals has SIGINT and SIGTERM end the reactor, for as long as it runs: the first one as Drain(deadline), the
// next one at once.
func (r *Reactor) HandleSignals(deadline time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.signals != nil || r.state == stateEnded {
		return
	}
	r.signals = &signals{reactor: r, deadline: deadline}
	if r.state != stateNew {
		r.signals.start()
	}
}

func (s *signals) start() {
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	s.reactor.spawn(func() {
		defer signal.Stop(caught)
		for {
			select {
			case sig := <-caught:
				if s.reactor.draining() {
					s.reactor.log.Info("ending at once", "signal", sig.String())
				} else {
					s.reactor.log.Info("draining", "signal", sig.String(), "deadline", s.deadline)
				}
				s.reactor.Drain(s.deadline)
			case <-s.reactor.ctx.Done():
				return
			}
		}
	})
}
