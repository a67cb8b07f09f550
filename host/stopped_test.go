package host_test

import (
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// A service whose last port has closed keeps no instances for connections that will not come.
func TestStoppedServiceLetsItsPoolGo(t *testing.T) {
	h := newHost(t)
	m, err := h.Load(t.Context(), "echo.wat", wat(t, "echo.wat"))
	if err != nil {
		t.Fatal(err)
	}
	r := reactortest.NewReactor()
	s, err := h.NewServiceOn(m, r, host.ServiceConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, again := range []string{"", " again"} {
		port, err := s.Listen("tcp:8007")
		if err != nil {
			t.Fatal(err)
		}
		r.Advance(time.Minute)
		if n := s.Stats().Instances; n == 0 {
			t.Errorf("there are no instances ahead while it listens%s", again)
		}
		port.StopListening()
		for range 10 {
			r.Advance(time.Second)
		}
		if n := s.Stats().Instances; n != 0 {
			t.Errorf("%d instances are left after it has stopped%s", n, again)
		}
	}
}
