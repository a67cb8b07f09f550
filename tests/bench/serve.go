//go:build linux

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/wasmnet/wasmnet/host"
	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// serve runs one of the echo servers that this program brings itself.
func serve(kind string, args ...string) error {
	switch {
	case kind == "net" && len(args) == 1:
		size, err := strconv.Atoi(args[0])
		if err != nil {
			return err
		}
		return serveNet(size)
	case kind == "net-tls" && len(args) == 2:
		return serveNetTLS(args[0], args[1])
	case kind == "reactor" && len(args) == 1:
		return serveReactor(args[0])
	case kind == "net-line" && len(args) == 0:
		return serveNetLine()
	case kind == "reactor-line" && len(args) == 0:
		return serveReactorLine()
	case kind == "net-udp" && len(args) == 0:
		return serveNetUDP()
	case kind == "reactor-udp" && len(args) == 0:
		return serveReactorUDP()
	case kind == "net-http" && len(args) == 0:
		return serveNetHTTP()
	case kind == "reactor-http" && len(args) == 0:
		return serveReactorHTTP()
	case kind == "net-files" && len(args) == 1:
		return serveNetFiles(args[0])
	case kind == "reactor-files" && len(args) == 1:
		return serveReactorFiles(args[0])
	case kind == "work" && len(args) == 2:
		window, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		return serveWork(args[0], window)
	case kind == "redis" && len(args) == 0:
		return serveRedis()
	case kind == "stock" && len(args) == 1:
		return serveStock(args[0])
	case kind == "counted" && len(args) > 0:
		return serveCounted(args[0], args[1:]...)
	case kind == "sandbox" && len(args) >= 2:
		return serveSandbox(args[0], args[1], args[2:]...)
	case kind == "services" && len(args) == 4:
		return serveServices(args[0], args[1], args[2], args[3])
	case kind == "neighbours" && len(args) == 2:
		return serveNeighbours(args[0], args[1])
	}
	return fmt.Errorf("no server %q with %d arguments (see serve.go)", kind, len(args))
}

// serveNet is what one writes first in Go: a goroutine and a buffer of size bytes for each connection.
func serveNet(size int) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return echoAll(l, size)
}

// serveNetTLS is the same over crypto/tls.
func serveNetTLS(key, cert string) error {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return err
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	return echoAll(l, 16<<10)
}

func echoAll(l net.Listener, size int) error {
	fmt.Fprintf(os.Stderr, "net listening on tcp:%s\n", l.Addr())
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			buf := make([]byte, size)
			for {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				if _, err := c.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// serveNetUDP answers datagrams from one goroutine for each processor.
func serveNetUDP() error {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "net listening on udp:%s\n", c.LocalAddr())
	failed := make(chan error)
	for range runtime.GOMAXPROCS(0) {
		go func() {
			buf := make([]byte, 64<<10)
			for {
				n, from, err := c.ReadFromUDPAddrPort(buf)
				if err == nil {
					_, err = c.WriteToUDPAddrPort(buf[:n], from)
				}
				if err != nil {
					failed <- err
				}
			}
		}()
	}
	return <-failed
}

type echoProtocol struct{ protocol.Base }

func (e *echoProtocol) DataReceived(data []byte) { _, _ = e.Transport.Write(data) }

func serveReactor(endpoint string) error {
	return serveNative(endpoint, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &echoProtocol{} }))
}

func serveNative(endpoint string, f protocol.Factory) error {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		return err
	}
	port, err := r.Listen(endpoint+":interface=127.0.0.1", f)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "reactor listening on tcp:%s\n", port.Host())
	r.HandleSignals(0)
	return r.Run()
}

// echoDatagrams answers each datagram with itself.
type echoDatagrams struct{ t protocol.DatagramTransport }

func (e *echoDatagrams) StartProtocol(t protocol.DatagramTransport) { e.t = t }
func (e *echoDatagrams) DatagramReceived(data []byte, from netip.AddrPort) {
	_ = e.t.WriteTo(data, from)
}
func (e *echoDatagrams) StopProtocol(error) {}

func serveReactorUDP() error {
	r, err := reactor.New(reactor.Config{})
	if err != nil {
		return err
	}
	r.CallWhenRunning(func() {
		port, err := r.Loops()[0].ListenUDP("udp:0:interface=127.0.0.1", &echoDatagrams{})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			_ = r.Stop()
			return
		}
		fmt.Fprintf(os.Stderr, "reactor listening on udp:%s\n", port.Host())
	})
	r.HandleSignals(0)
	return r.Run()
}

// serveNeighbours runs two guests as two services on the one loop of a reactor.
func serveNeighbours(quiet, loud string) (err error) {
	r, err := reactor.New(reactor.Config{Loops: 1})
	if err != nil {
		return err
	}
	h, err := host.New(host.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for _, file := range []string{quiet, loud} {
		m, err := h.LoadFile(context.Background(), file)
		if err != nil {
			return err
		}
		s, err := h.NewService(m, r, host.ServiceConfig{})
		if err != nil {
			return err
		}
		port, err := s.Listen("tcp:0:interface=127.0.0.1")
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%s listening on tcp:%s\n", file, port.Host())
	}
	r.HandleSignals(0)
	return r.Run()
}
