package reactor_test

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// BenchmarkEcho is a ping-pong of 64 bytes on 64 connections: on each backend, and with a goroutine for each
// connection. The clients are goroutines of the same process.
func BenchmarkEcho(b *testing.B) {
	for _, backend := range backends() {
		b.Run("backend="+backend, func(b *testing.B) {
			r, at := benchServer(b, reactor.Config{Backend: backend}, newEcho)
			defer r()
			pingPong(b, at)
		})
	}
	b.Run("goroutines", func(b *testing.B) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		var serving sync.WaitGroup
		defer serving.Wait()
		defer l.Close()
		serving.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				serving.Go(func() {
					defer c.Close()
					io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 4096))
				})
			}
		})
		pingPong(b, l.Addr())
	})
}

// benchServer starts a reactor with one port, and returns what stops it.
func benchServer(b *testing.B, cfg reactor.Config, build func() protocol.Protocol) (stop func(), at protocol.Address) {
	b.Helper()
	cfg.Logger = slog.New(slog.DiscardHandler)
	r, err := reactor.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	p, err := r.Listen(localhost, protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return build() }))
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(); err != nil {
			b.Error(err)
		}
	}()
	return func() {
		r.CallFromThread(func() { r.Stop() })
		<-done
	}, p.Host()
}

// pingPong sends b.N messages and waits for each to come back.
func pingPong(b *testing.B, at net.Addr) {
	const conns, size = 64, 64
	var clients [conns]net.Conn
	for i := range clients {
		c, err := net.Dial(at.Network(), at.String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		clients[i] = c
	}
	b.ReportAllocs()
	b.SetBytes(size)
	b.ResetTimer()
	var all sync.WaitGroup
	for i, c := range clients {
		n := b.N / conns
		if i < b.N%conns {
			n++
		}
		all.Go(func() {
			buf := make([]byte, size)
			for range n {
				if _, err := c.Write(buf); err != nil {
					b.Error(err)
					return
				}
				if _, err := io.ReadFull(c, buf); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.StopTimer()
}

// BenchmarkIdleTimeout is what an idle timeout costs that every message puts off.
func BenchmarkIdleTimeout(b *testing.B) {
	onBenchLoop(b, func(l *reactor.Loop) {
		var timers [1000]protocol.DelayedCall
		for i := range timers {
			timers[i] = l.CallLater(time.Hour, func() {})
		}
		for i := range b.N {
			timers[i%len(timers)].Reset(time.Hour)
		}
	})
}

// BenchmarkCallLater makes and cancels a timer among a thousand others.
func BenchmarkCallLater(b *testing.B) {
	onBenchLoop(b, func(l *reactor.Loop) {
		for range 1000 {
			l.CallLater(time.Hour, func() {})
		}
		for range b.N {
			l.CallLater(time.Minute, func() {}).Cancel()
		}
	})
}

// onBenchLoop times f on a loop.
func onBenchLoop(b *testing.B, f func(*reactor.Loop)) {
	b.Helper()
	r, err := reactor.New(reactor.Config{Loops: 1, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	r.CallWhenRunning(func() {
		f(r.Loops()[0])
		r.Stop()
	})
	if err := r.Run(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCallFromThread is what a call from another goroutine costs, until the loop has made it.
func BenchmarkCallFromThread(b *testing.B) {
	for _, backend := range backends() {
		b.Run("backend="+backend, func(b *testing.B) {
			r, err := reactor.New(reactor.Config{Backend: backend, Loops: 1, Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				b.Fatal(err)
			}
			done := make(chan struct{})
			go func() {
				defer close(done)
				if err := r.Run(); err != nil {
					b.Error(err)
				}
			}()
			called := make(chan struct{})
			b.ReportAllocs()
			for b.Loop() {
				r.CallFromThread(func() { called <- struct{}{} })
				<-called
			}
			r.CallFromThread(func() { r.Stop() })
			<-done
		})
	}
}
