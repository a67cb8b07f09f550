package reactor_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/reactor"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// TestManyConnections has a crowd of clients echo, kills them at random, and expects everything to be given back.
func TestManyConnections(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		// Both ends of a connection are in this process.
		crowd := min(5000, descriptorLimit(t)/2-100)
		descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
		r := start(t, reactor.Config{Backend: backend, Loops: 2})
		var ended sync.WaitGroup
		ended.Add(crowd)
		at := r.listen(localhost, func() protocol.Protocol { return &counted{ended: &ended} })
		rnd := rand.New(rand.NewPCG(5, 6))
		clients := make([]net.Conn, crowd)
		for i := range clients {
			clients[i] = dial(t, at)
		}
		for round := range 2 {
			for i, c := range clients {
				fmt.Fprintf(c, "client %05d round %d", i, round)
			}
			buf := make([]byte, len("client 00000 round 0"))
			for i, c := range clients {
				want := fmt.Sprintf("client %05d round %d", i, round)
				if _, err := io.ReadFull(c, buf); err != nil || string(buf) != want {
					t.Fatalf("received %q, %v; want %q", buf, err, want)
				}
			}
		}
		for _, i := range rnd.Perm(crowd) {
			c := clients[i].(*net.TCPConn)
			switch rnd.IntN(3) {
			case 0:
				c.SetLinger(0)
			case 1:
				fmt.Fprint(c, "last words")
			}
			c.Close()
		}
		all := make(chan struct{})
		go func() {
			ended.Wait()
			close(all)
		}()
		wait(t, all, "ConnectionLost of all")
		r.stop()
		if n := openDescriptors(t); n > descriptors {
			t.Errorf("%d descriptors are open, %d were before", n, descriptors)
		}
		// The last ones have been waited for, and may still be about to return.
		for began := time.Now(); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
			if time.Since(began) > patience {
				t.Fatalf("%d goroutines run, %d did before", runtime.NumGoroutine(), goroutines)
			}
		}
	})
}

// counted is an echo that says when it is lost.
type counted struct {
	echo
	ended *sync.WaitGroup
}

func (p *counted) ConnectionLost(error) { p.ended.Done() }

// TestChurn opens and closes connections, of several at a time, in all ways that a connection can end.
func TestChurn(t *testing.T) {
	onBackends(t, func(t *testing.T, backend string) {
		r := start(t, reactor.Config{Backend: backend, Loops: 2})
		const clients, each = 8, 150
		var ended sync.WaitGroup
		ended.Add(clients * each)
		at := r.listen(localhost, func() protocol.Protocol { return &moody{counted: counted{ended: &ended}} })
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(i), 7))
				for range each {
					c, err := net.Dial(at.Network(), at.String())
					if err != nil {
						ended.Done()
						continue
					}
					fmt.Fprint(c, string(rune('a'+rnd.IntN(4))))
					if rnd.IntN(2) == 0 {
						io.Copy(io.Discard, io.LimitReader(c, 1))
					}
					if rnd.IntN(2) == 0 {
						c.(*net.TCPConn).SetLinger(0)
					}
					c.Close()
				}
			})
		}
		all.Wait()
		ended.Wait()
	})
}

// moody does what it is told, and echoes.
type moody struct{ counted }

func (p *moody) DataReceived(data []byte) {
	p.Transport.Write(data)
	switch data[0] {
	case 'a':
		p.Transport.LoseConnection()
	case 'b':
		p.Transport.AbortConnection()
	case 'c':
		p.Transport.LoseWriteConnection()
	}
}
