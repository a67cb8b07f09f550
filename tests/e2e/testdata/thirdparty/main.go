//go:build wasip1

// Command thirdparty is a guest that runs well-known servers as they are: a router of HTTP requests, an SSH server and a
// DNS server. The configuration's "server" says which. It is a module of its own, so that their code is no dependency of
// the project.
package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"

	"github.com/gliderlabs/ssh"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/miekg/dns"
	gossh "golang.org/x/crypto/ssh"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	wnet "github.com/wasmnet/wasmnet/guest-sdk/go/net"
)

func init() {
	wnet.Main(func() error {
		switch server := (wasmnet.Config{}).Get("server"); server {
		case "chi":
			return serveChi()
		case "ssh":
			return serveSSH()
		case "dns":
			return serveDNS()
		default:
			return fmt.Errorf("server %q: unknown", server)
		}
	})
}

func main() {}

func serveChi() error {
	r := chi.NewRouter()
	r.Use(middleware.Logger, middleware.Recoverer, middleware.Compress(5), middleware.RequestID)
	r.Get("/articles/{id:[0-9]+}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprintf(w, "article %s", chi.URLParam(r, "id"))
	})
	r.Route("/admin", func(r chi.Router) {
		r.Use(middleware.BasicAuth("admin", map[string]string{"ann": "secret"}))
		r.Put("/*", func(w http.ResponseWriter, r *http.Request) {
			n, err := io.Copy(io.Discard, r.Body)
			fmt.Fprintf(w, "put %d bytes to %s, %v", n, chi.URLParam(r, "*"), err)
		})
	})
	r.Get("/panic", func(http.ResponseWriter, *http.Request) { panic("as told") })
	return http.Serve(wnet.Listener(), r)
}

// serveSSH tells users what they asked for, and sends their input back.
func serveSSH() error {
	authorized, _, _, _, err := ssh.ParseAuthorizedKey([]byte(wasmnet.Config{}.Get("authorized")))
	if err != nil {
		return err
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	signer, err := gossh.NewSignerFromKey(key)
	if err != nil {
		return err
	}
	server := &ssh.Server{
		Handler: func(s ssh.Session) {
			fmt.Fprintf(s, "%s: %q\n", s.User(), s.Command())
			n, err := io.Copy(s, s)
			fmt.Fprintf(s.Stderr(), "%d bytes, %v\n", n, err)
			s.Exit(7)
		},
		PublicKeyHandler: func(_ ssh.Context, key ssh.PublicKey) bool { return ssh.KeysEqual(key, authorized) },
	}
	server.AddHostKey(signer)
	return server.Serve(wnet.Listener())
}

// serveDNS answers over TCP at the service's listener, and over UDP at each of its ports.
func serveDNS() error {
	mux := dns.NewServeMux()
	mux.HandleFunc("example.org.", func(w dns.ResponseWriter, request *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(request)
		for n := range 40 {
			rr, err := dns.NewRR(fmt.Sprintf("%s 60 IN TXT \"record number %d by %s\"", request.Question[0].Name, n, w.RemoteAddr().Network()))
			if err != nil {
				panic(err)
			}
			m.Answer = append(m.Answer, rr)
		}
		if w.RemoteAddr().Network() == "udp" {
			m.Truncate(512)
		}
		if err := w.WriteMsg(m); err != nil {
			wasmnet.Log(2, err.Error())
		}
	})
	failed := make(chan error)
	go func() { failed <- (&dns.Server{Listener: wnet.Listener(), Handler: mux}).ActivateAndServe() }()
	go func() {
		for {
			p, err := wnet.AcceptPacket()
			if err != nil {
				failed <- err
				return
			}
			go func() { failed <- (&dns.Server{PacketConn: p, Handler: mux}).ActivateAndServe() }()
		}
	}()
	return <-failed
}
