//go:build linux

package main

import (
	"os"
	"path/filepath"
)

// peers are the subjects that several workloads have.
type peers struct {
	self    string // this program
	guests  string // the folder of guests and peers
	wasmnet string

	net, net64      subject // a goroutine and a buffer of 4 or 64 KiB for each connection
	epoll           subject // in C, with nothing but the system calls
	gnet            subject
	twisted         subject
	uvloop          subject // on asyncio
	reactor         subject // native
	sandboxC        subject
	sandboxGo       subject
	netTLS          subject
	endpointTLS     string // what ours listen on for TLS
	reactorTLS      subject
	sandboxCTLS     subject
	sandboxGoTLS    subject
	stockC, stockGo subject // wazero as it comes
}

func newPeers(o options, cert certificate) *peers {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	ps := &peers{self: self, guests: o.guests, wasmnet: o.wasmnet}
	ps.endpointTLS = "ssl:0:privateKey=" + cert.key + ":certKey=" + cert.cert
	ps.net, ps.net64 = ps.own("net", "net", "4096"), ps.own("net", "net", "65536")
	ps.gnet = subject{name: "gnet", args: []string{ps.guest("gnet")}, foreign: true}
	ps.epoll = subject{name: "C epoll", args: []string{ps.guest("epoll")}}
	ps.twisted = ps.script("Twisted", "twisted.py", "echo")
	ps.uvloop = ps.script("uvloop", "asyncio_uvloop.py")
	ps.reactor = ps.own("reactor", "reactor", "tcp:0")
	ps.sandboxC = ps.sandbox("sandbox C", ps.guest("echo.wasm"), "tcp:0")
	ps.sandboxGo = ps.sandbox("sandbox Go", "echo", "tcp:0")
	ps.netTLS = ps.own("net", "net-tls", cert.key, cert.cert)
	ps.reactorTLS = ps.own("reactor", "reactor", ps.endpointTLS)
	ps.sandboxCTLS = ps.sandbox("sandbox C", ps.guest("echo.wasm"), ps.endpointTLS)
	ps.sandboxGoTLS = ps.sandbox("sandbox Go", "echo", ps.endpointTLS)
	ps.stockC = ps.own("stock C", "stock", ps.guest("echo.wasm"))
	ps.stockGo = ps.own("stock Go", "stock", ps.guest("echo-go.wasm"))
	return ps
}

// guest is a file that `make bench` has built.
func (ps *peers) guest(name string) string { return filepath.Join(ps.guests, name) }

// own is a server that this program brings itself: see serve.
func (ps *peers) own(name string, args ...string) subject {
	return subject{name: name, args: append([]string{ps.self, "serve"}, args...)}
}

// python is the Python that Debian's packages belong to.
const python = "/usr/bin/python3"

// script is a server written in Python, of folder peers.
func (ps *peers) script(name, file string, args ...string) subject {
	return subject{name: name, args: append([]string{python, "tests/bench/peers/" + file}, args...), foreign: true}
}

// sandbox is a module run by the wasmnet program, with limits that a benchmark does not meet.
func (ps *peers) sandbox(name, module, endpoint string, flags ...string) subject {
	return subject{name: name, args: append([]string{
		ps.wasmnet, "run", module, "--listen", endpoint + ":interface=127.0.0.1", "--log-level", "error",
		"--limit", "connections=200000", "--limit", "per-peer=200000", "--limit", "instances=200000", "--limit", "memory-total=16GiB",
	}, flags...)}
}
