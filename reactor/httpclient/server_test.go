package httpclient_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wasmnet/wasmnet/internal/testcert"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/httpclient"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// do runs a reactor for one request to package net/http's server.
func do[T any](t *testing.T, request func(r protocol.Reactor) *deferred.Deferred[T]) (value T, err error) {
	t.Helper()
	r, fault := reactor.New(reactor.Config{Loops: 1})
	if fault != nil {
		t.Fatal(fault)
	}
	r.CallWhenRunning(func() {
		request(r.Loops()[0]).Handle(func(v T, e error) {
			value, err = v, e
			r.Stop()
		})
	})
	if fault := r.Run(); fault != nil {
		t.Fatal(fault)
	}
	return value, err
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/length", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") })
	mux.HandleFunc("/chunks", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 100 {
			fmt.Fprintf(w, "piece %d\n", i)
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, q *http.Request) {
		n, err := io.Copy(io.Discard, q.Body)
		fmt.Fprintf(w, "%s %d %v", q.Method, n, err)
	})
	mux.Handle("/away", http.RedirectHandler("/length", http.StatusFound))
	mux.HandleFunc("/never", func(_ http.ResponseWriter, q *http.Request) { <-q.Context().Done() })
	return mux
}

func TestAgainstNetHTTP(t *testing.T) {
	s := httptest.NewServer(handler())
	defer s.Close()
	var chunks strings.Builder
	for i := range 100 {
		fmt.Fprintf(&chunks, "piece %d\n", i)
	}
	for path, want := range map[string]string{"/length": "hello", "/chunks": chunks.String(), "/away": "hello"} {
		page, err := do(t, func(r protocol.Reactor) *deferred.Deferred[[]byte] { return httpclient.GetPage(r, s.URL+path) })
		if err != nil || string(page) != want {
			t.Errorf("%s: %q, %v", path, page, err)
		}
	}
	a, err := do(t, func(r protocol.Reactor) *deferred.Deferred[*httpclient.Response] {
		q := &httpclient.Request{Method: "POST", URL: s.URL + "/upload", Body: make([]byte, 5<<20)}
		return new(httpclient.Client).Do(r, q)
	})
	if err != nil || string(a.Body) != "POST 5242880 <nil>" {
		t.Errorf("upload: %+v, %v", a, err)
	}
	_, err = do(t, func(r protocol.Reactor) *deferred.Deferred[[]byte] { return httpclient.GetPage(r, s.URL+"/none") })
	var status *httpclient.StatusError
	if !errors.As(err, &status) || status.Response.StatusCode != 404 {
		t.Errorf("no such page: %v", err)
	}
	_, err = do(t, func(r protocol.Reactor) *deferred.Deferred[[]byte] {
		return (&httpclient.Client{Timeout: time.Millisecond}).GetPage(r, s.URL+"/never")
	})
	if !errors.Is(err, protocol.ErrTimeout) {
		t.Errorf("a page that never comes: %v", err)
	}
}

func TestTLS(t *testing.T) {
	ca := testcert.NewCA(t)
	leaf := ca.Issue(t, testcert.Template{Names: []string{"localhost"}})
	s := httptest.NewUnstartedServer(handler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{leaf.TLS}}
	s.StartTLS()
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "https://"), ":")
	address := "https://localhost:" + port + "/chunks"
	roots := testcert.WriteFile(t, t.TempDir(), "ca.pem", ca.PEM)
	trusting := &httpclient.Client{TLS: "trustRoots=" + roots}

	page, err := do(t, func(r protocol.Reactor) *deferred.Deferred[[]byte] { return trusting.GetPage(r, address) })
	if err != nil || !strings.HasSuffix(string(page), "piece 99\n") {
		t.Errorf("trusted: %d bytes, %v", len(page), err)
	}
	for name, get := range map[string]func(r protocol.Reactor) *deferred.Deferred[[]byte]{
		"unknown authority": func(r protocol.Reactor) *deferred.Deferred[[]byte] { return httpclient.GetPage(r, address) },
		"another name": func(r protocol.Reactor) *deferred.Deferred[[]byte] {
			return trusting.GetPage(r, "https://127.0.0.1:"+port+"/length")
		},
	} {
		if _, err := do(t, get); !errors.Is(err, protocol.ErrTLS) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
