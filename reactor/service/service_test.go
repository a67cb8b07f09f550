package service_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
	"github.com/wasmnet/wasmnet/reactor/service"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// events is what services were told, in order.
type events []string

// part is a service that notes what it is told.
type part struct {
	service.Base
	label    string
	events   *events
	refuse   error
	stopping *deferred.Deferred[deferred.Unit] // nil: it stops at once
}

func (p *part) StartService() error {
	*p.events = append(*p.events, "start "+p.label)
	if p.refuse != nil {
		return p.refuse
	}
	return p.Base.StartService()
}

func (p *part) StopService() *deferred.Deferred[deferred.Unit] {
	*p.events = append(*p.events, "stop "+p.label)
	p.Base.StopService()
	return p.stopping
}

// take returns the events so far and forgets them.
func (e *events) take() []string {
	taken := *e
	*e = nil
	return taken
}

// tree is a MultiService of three parts.
func tree(t *testing.T, r *reactortest.Reactor) (m *service.MultiService, parts [3]*part, told *events) {
	t.Helper()
	told = &events{}
	m = service.NewMultiService(r)
	for i, label := range []string{"a", "b", "c"} {
		parts[i] = &part{label: label, events: told}
		if err := parts[i].SetName(label); err != nil {
			t.Fatal(err)
		}
		if err := m.AddService(parts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return m, parts, told
}

func TestTreeOrder(t *testing.T) {
	r := reactortest.NewReactor()
	m, parts, told := tree(t, r)
	parts[1].stopping = deferred.New[deferred.Unit](r)
	if err := m.StartService(); err != nil || !m.Running() {
		t.Fatal(err, m.Running())
	}
	if got := told.take(); !slices.Equal(got, []string{"start a", "start b", "start c"}) {
		t.Errorf("started: %q", got)
	}
	var stopped error = errors.New("not yet")
	m.StopService().Handle(func(_ deferred.Unit, err error) { stopped = err })
	if got := told.take(); !slices.Equal(got, []string{"stop c", "stop b", "stop a"}) || m.Running() {
		t.Errorf("stopped: %q", got)
	}
	if stopped == nil {
		t.Error("the tree has stopped before its parts")
	}
	parts[1].stopping.Callback(deferred.Unit{})
	if stopped != nil {
		t.Error(stopped)
	}
}

func TestNamesAndParents(t *testing.T) {
	r := reactortest.NewReactor()
	m, parts, told := tree(t, r)
	if m.Service("b") != service.Service(parts[1]) || m.Service("x") != nil || m.Service("") != nil {
		t.Error("children are not found by their names")
	}
	if parts[0].Parent() != m || len(m.Services()) != 3 {
		t.Error("the tree is not linked")
	}
	if err := parts[0].SetName("other"); !errors.Is(err, service.ErrHasParent) {
		t.Errorf("renamed inside a parent: %v", err)
	}
	double := &part{events: told}
	if err := double.SetName("a"); err != nil {
		t.Error(err)
	}
	if err := m.AddService(double); !errors.Is(err, service.ErrDuplicateName) {
		t.Errorf("the same name again: %v", err)
	}
	if err := m.AddService(parts[0]); !errors.Is(err, service.ErrHasParent) {
		t.Errorf("the same child again: %v", err)
	}
	inner := service.NewMultiService(r)
	if err := m.AddService(inner); err != nil {
		t.Error(err)
	}
	if err := inner.AddService(m); !errors.Is(err, service.ErrCycle) {
		t.Errorf("a cycle: %v", err)
	}
	if err := m.AddService(m); !errors.Is(err, service.ErrCycle) {
		t.Errorf("itself: %v", err)
	}
	var failure error
	m.RemoveService(double).Handle(func(_ deferred.Unit, err error) { failure = err })
	if !errors.Is(failure, service.ErrNotChild) {
		t.Errorf("removed what is no child: %v", failure)
	}
}

// TestAddAndRemoveWhileRunning: a child starts and stops with its membership.
func TestAddAndRemoveWhileRunning(t *testing.T) {
	r := reactortest.NewReactor()
	m, parts, told := tree(t, r)
	if err := m.StartService(); err != nil {
		t.Fatal(err)
	}
	told.take()
	late := &part{label: "late", events: told}
	if err := m.AddService(late); err != nil || !late.Running() {
		t.Errorf("%v, running %t", err, late.Running())
	}
	gone := false
	m.RemoveService(parts[0]).Handle(func(_ deferred.Unit, err error) { gone = err == nil })
	if got := told.take(); !slices.Equal(got, []string{"start late", "stop a"}) || !gone || parts[0].Parent() != nil {
		t.Errorf("%q, gone %t, parent %v", got, gone, parts[0].Parent())
	}
	refusing := &part{label: "r", events: told, refuse: errors.New("out of luck")}
	if err := m.AddService(refusing); !errors.Is(err, refusing.refuse) || refusing.Parent() != nil || len(m.Services()) != 3 {
		t.Errorf("a child that does not start: %v", err)
	}
}

// TestStartFails: what was started is stopped again, and the error says what did not start.
func TestStartFails(t *testing.T) {
	r := reactortest.NewReactor()
	inner, parts, told := tree(t, r)
	if err := inner.SetName("inner"); err != nil {
		t.Fatal(err)
	}
	m := service.NewMultiService(r)
	if err := m.AddService(inner); err != nil {
		t.Fatal(err)
	}
	parts[2].refuse = errors.New("out of luck")
	err := m.StartService()
	if !errors.Is(err, parts[2].refuse) || !strings.Contains(err.Error(), `service "inner": service "c": out of luck`) {
		t.Errorf("error %v", err)
	}
	if got := told.take(); !slices.Equal(got, []string{"start a", "start b", "start c", "stop b", "stop a"}) {
		t.Errorf("happened: %q", got)
	}
	if m.Running() || inner.Running() {
		t.Error("it is running")
	}
}

// TestStopFails: all errors are told, after everything has stopped.
func TestStopFails(t *testing.T) {
	r := reactortest.NewReactor()
	m, parts, told := tree(t, r)
	if err := m.StartService(); err != nil {
		t.Fatal(err)
	}
	first, second := errors.New("first"), errors.New("second")
	parts[0].stopping = deferred.Fail[deferred.Unit](r, first)
	parts[2].stopping = deferred.New[deferred.Unit](r)
	var failure error
	m.StopService().Handle(func(_ deferred.Unit, err error) { failure = err })
	if failure != nil {
		t.Errorf("failed early: %v", failure)
	}
	parts[2].stopping.Errback(second)
	if !errors.Is(failure, first) || !errors.Is(failure, second) || len(told.take()) != 6 {
		t.Errorf("failure %v", failure)
	}
}
