package main

import (
	"fmt"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor/endpoint"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// parseMetrics reads --metrics; nil if it is not given.
func parseMetrics(text string) (*endpoint.Server, error) {
	if text == "" {
		return nil, nil
	}
	e, err := endpoint.ParseServer(text)
	if err == nil && (!e.Stream() || isStdio(e)) {
		return nil, usageError{fmt.Errorf("--metrics %s: statistics are served by HTTP, over TCP or a UNIX socket", text)}
	}
	return e, endpointError(err)
}

// listen opens the endpoints, all or none, and returns what is to be said of them. metrics may be nil.
func (r *running) listen(endpoints []*endpoint.Server, metrics *endpoint.Server) ([]string, error) {
	r.stage = newStage(r.service)
	r.front = r.stage
	if r.cfg.Wrap != nil {
		r.front = r.cfg.Wrap(r.stage)
	}
	var ready []string
	for _, e := range endpoints {
		port, err := r.open(e)
		if err != nil {
			return nil, err
		}
		ready = append(ready, r.name+" listening on "+bound(e, port))
		if isStdio(e) {
			r.endWith(port)
		}
	}
	if metrics != nil {
		text := func() []byte { return metricsText(r.name, r.stage.stats()) }
		port, err := r.reactor.ListenEndpoint(metrics, metricsFactory(text))
		if err != nil {
			return nil, err
		}
		ready = append(ready, "metrics on "+bound(metrics, port))
	}
	return ready, nil
}

// open opens an endpoint in the way the service's isolation needs.
func (r *running) open(e *endpoint.Server) (protocol.Port, error) {
	switch {
	case !e.Stream():
		r.datagrams = append(r.datagrams, e.Text)
		return r.service.ListenEndpoint(e)
	case r.service.Isolation() == host.PerService:
		return r.reactor.Loops()[0].ListenEndpoint(e, r.front)
	}
	return r.reactor.ListenEndpoint(e, r.front)
}

func isStdio(e *endpoint.Server) bool { return e.Network == "stdio" }

// endWith has the reactor end with a port that closes by itself: whoever started the program on a pipe waits for it.
func (r *running) endWith(port protocol.Port) {
	if p, ok := port.(interface{ Done() <-chan struct{} }); ok {
		go func() {
			<-p.Done()
			// It fails if it is what closed the port.
			_ = r.reactor.Stop()
		}()
	}
}

// bound is where a port listens, in the form of an endpoint: its type and the real address.
func bound(e *endpoint.Server, port protocol.Port) string {
	if isStdio(e) {
		return "stdio:"
	}
	scheme := e.Network
	if e.TLS != nil {
		scheme = "ssl"
	}
	return scheme + ":" + port.Host().String()
}
