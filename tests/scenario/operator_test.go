package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/host/guesttest"
	"github.com/wasmnet/wasmnet/internal/logbook"
	"github.com/wasmnet/wasmnet/modules"
	"github.com/wasmnet/wasmnet/reactor"
)

// An operator has one reactor and one host, and runs any number of services on them.
type operator struct {
	testing.TB
	host        *host.Host
	reactor     *reactor.Reactor
	log         *journal
	ran         chan error
	services    []*service
	loaded      map[string]*host.Module // bundles, by name and isolation
	goroutines  goleak.Option
	descriptors int
}

// A service is a module at work, on a port for connections and perhaps one for datagrams.
type service struct {
	*host.Service
	address, datagrams string
}

// newOperator begins with loops event loops; what is logged from level on is kept.
func newOperator(t testing.TB, loops int, level slog.Level) *operator {
	t.Helper()
	// The first socket of a process brings descriptors of the runtime's own, which stay.
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		l.Close()
	}
	o := &operator{
		TB: t, log: &journal{}, ran: make(chan error, 1), loaded: map[string]*host.Module{},
		goroutines: goleak.IgnoreCurrent(), descriptors: descriptors(),
	}
	logger := slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: level}))
	var err error
	if o.host, err = host.New(host.Config{Logger: logger, CacheDir: guesttest.CacheDir()}); err != nil {
		t.Fatal(err)
	}
	if o.reactor, err = reactor.New(reactor.Config{Loops: loops, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	go func() { o.ran <- o.reactor.Run() }()
	running := make(chan struct{})
	o.reactor.CallWhenRunning(func() { close(running) })
	<-running
	return o
}

// builtin starts a built-in module, and listens on the endpoints.
func (o *operator) builtin(name string, cfg host.ServiceConfig, endpoints ...string) *service {
	o.Helper()
	m, ok := modules.Find(name)
	if !ok {
		o.Fatalf("no module %s", name)
	}
	// Under the race detector it takes seconds to load one, so modules that differ in their manifests only share it.
	bundle := m.Bundle() + " " + m.Isolation
	if o.loaded[bundle] == nil {
		wasm, err := modules.Wasm(m.Bundle())
		if err != nil {
			o.Fatal(err)
		}
		o.loaded[bundle] = o.load(bundle, append(wasm, manifest(m.Isolation)...))
	}
	var err error
	settings := m.Settings()
	maps.Copy(settings, cfg.Config)
	cfg.Config = settings
	if cfg.Isolation, err = host.ParseIsolation(m.Isolation); err != nil {
		o.Fatal(err)
	}
	if cfg.Name == "" {
		cfg.Name = name
	}
	return o.serve(o.loaded[bundle], cfg, endpoints...)
}

// manifest is the custom section of a module that is made for this isolation.
func manifest(isolation string) []byte {
	const name = "wasmnet.manifest"
	content := `{"isolation":"` + isolation + `"}`
	section := []byte{0, byte(1 + len(name) + len(content)), byte(len(name))}
	return append(append(section, name...), content...)
}

func (o *operator) load(name string, wasm []byte) *host.Module {
	o.Helper()
	m, err := o.host.Load(o.Context(), name, wasm)
	if err != nil {
		o.Fatal(err)
	}
	return m
}

// serve starts a module, and listens on the endpoints.
func (o *operator) serve(m *host.Module, cfg host.ServiceConfig, endpoints ...string) *service {
	o.Helper()
	inner, err := o.host.NewService(m, o.reactor, cfg)
	if err != nil {
		o.Fatal(err)
	}
	s := &service{Service: inner}
	for _, text := range endpoints {
		port, err := inner.Listen(text)
		if err != nil {
			o.Fatal(err)
		}
		if text == localhostUDP {
			s.datagrams = port.Host().String()
		} else {
			s.address = port.Host().String()
		}
	}
	o.services = append(o.services, s)
	return s
}

// granted reads grants in the form of --allow.
func granted(t testing.TB, texts ...string) (g host.Grants) {
	t.Helper()
	for _, text := range texts {
		if err := g.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

// end closes the host when Run has returned, and looks for what is left.
func (o *operator) end() {
	o.Helper()
	select {
	case err := <-o.ran:
		if err := errors.Join(err, o.host.Close()); err != nil {
			o.Error(err)
		}
	case <-time.After(patience):
		o.Fatal("the reactor does not end")
	}
	for _, s := range o.services {
		if st := s.Stats(); st.Open != 0 || st.Instances != 0 || st.Memory != 0 {
			o.Errorf("%s leaves %d connections, %d instances, %d bytes", s.Name(), st.Open, st.Instances, st.Memory)
		}
	}
	goleak.VerifyNone(o, o.goroutines)
	if n := descriptors(); n > o.descriptors {
		o.Errorf("%d descriptors are open, %d were", n, o.descriptors)
	}
}

// stop ends the reactor at once.
func (o *operator) stop() {
	o.Helper()
	if err := o.reactor.Stop(); err != nil {
		o.Error(err)
	}
	o.end()
}

// descriptors counts the open ones, where the system lists them.
func descriptors() int {
	list, _ := os.ReadDir("/dev/fd")
	return len(list)
}

// A journal keeps what is logged, in JSON.
type journal struct{ logbook.Book }

// A record is a line of the log, as far as these tests look at it.
type record struct {
	Msg, Service string
	Bill         struct{ Fuel, Calls, In, Out uint64 }
}

// records reads what was logged.
func (j *journal) records(t testing.TB) (list []record) {
	t.Helper()
	for d := json.NewDecoder(bytes.NewReader([]byte(j.String()))); d.More(); {
		var r record
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}
