// Package reverseproxy passes HTTP requests on to another server, with the standard library's httputil.ReverseProxy.
package reverseproxy

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/httpserver"
	"github.com/wasmnet/wasmnet/modules/internal/settings"
)

// Config says where requests go.
type Config struct {
	Upstream     *url.URL      // scheme http or https, a host, and a path that those of requests are appended to
	PreserveHost bool          // send the client's Host, not the upstream's
	Trust        bool          // keep the client's own X-Forwarded headers
	Timeout      time.Duration // until the upstream's response begins
	Server       httpserver.Config
}

// Dialers connect to the upstream. A nil one is package net's, or crypto/tls's.
type Dialers struct {
	Plain, TLS func(ctx context.Context, network, address string) (net.Conn, error)
}

// Configure reads a Config; lookup returns the value of a key.
func Configure(lookup func(key string) (value string, ok bool)) (Config, error) {
	s := settings.From(lookup)
	upstream, err := parse(s.Text("upstream", ""))
	c := Config{
		Upstream:     upstream,
		PreserveHost: s.Bool("preserve-host", false),
		Trust:        s.Bool("trust-forwarded", false),
		Timeout:      s.Duration("timeout", 30*time.Second, time.Millisecond),
		Server:       httpserver.Read(s),
	}
	return c, errors.Join(err, s.Err())
}

func parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, fmt.Errorf("upstream: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("upstream %q: want http://HOST:PORT/PATH or https://, without user, query and fragment", text)
	}
	return u, nil
}

// New returns the proxy: a function that serves a listener until it is closed.
func New(c Config, d Dialers) func(net.Listener) error {
	transport := &http.Transport{
		DialContext: d.Plain, DialTLSContext: d.TLS, ResponseHeaderTimeout: c.Timeout, IdleConnTimeout: c.Server.Idle,
		MaxIdleConnsPerHost: 64, DisableCompression: true,
	}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(c.Upstream)
			if c.PreserveHost {
				r.Out.Host = r.In.Host
			}
			if c.Trust {
				r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			}
			r.SetXForwarded()
		},
		Transport: transport,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() != nil {
				return // the client has gone
			}
			log.Printf("%s %s: %v", r.Method, r.URL.Path, err)
			http.Error(w, http.StatusText(http.StatusBadGateway), http.StatusBadGateway)
		},
		ErrorLog: log.New(log.Writer(), "", 0),
	}
	// In a sandbox that has one client, connections to the upstream would outlive it for as long as they may be idle.
	c.Server.Deserted = transport.CloseIdleConnections
	return func(l net.Listener) error {
		defer transport.CloseIdleConnections()
		return httpserver.Serve(l, proxy, c.Server)
	}
}

// Warm is a client's first request, one that is not passed on.
func Warm(c net.Conn) { httpserver.Warm(c, "OPTIONS", "*") }
