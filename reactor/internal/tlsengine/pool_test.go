package tlsengine

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// hello is the first flight of a client.
func (w *world) hello(t *testing.T) []byte {
	client := w.newClient(t)
	<-client.woken
	client.step()
	client.session.Abandon()
	w.running.Wait()
	return client.out
}

// TestPoolBound counts the goroutines of stalled handshakes by what they have answered.
func TestPoolBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		hello := w.hello(t)
		w.pool = NewPool(2, w.running.Go)
		var servers []*peer
		for range 5 {
			server := w.newServer(t)
			server.feed(hello)
			servers = append(servers, server)
		}
		answered := func() (n int) {
			synctest.Wait()
			for _, server := range servers {
				server.step()
				if len(server.out) > 0 {
					n++
				}
			}
			return n
		}
		if got := answered(); got != 2 {
			t.Fatalf("%d handshakes run in a pool of 2", got)
		}
		servers[3].session.Abandon() // leaves the queue
		servers[0].session.Abandon() // gives its place to the next
		if got := answered(); got != 3 || len(servers[2].out) == 0 {
			t.Fatalf("%d handshakes answered after one ended, want 3 with the third", got)
		}
		servers[1].session.Abandon()
		if got := answered(); got != 4 || len(servers[4].out) == 0 {
			t.Fatalf("%d handshakes answered after two ended, want 4 with the fifth", got)
		}
		servers[2].session.Abandon()
		servers[4].session.Abandon()
		w.running.Wait()
	})
}

// advance moves the clock of the test's bubble, which stands still otherwise: it waits for a timer of its own.
func advance(d time.Duration) {
	synctest.Wait()
	<-time.After(d)
	synctest.Wait()
}

func TestStalledHandshakesAreCrowdedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		hello := w.hello(t)
		w.pool = NewPool(2, w.running.Go)
		stalled := []*peer{w.newServer(t), w.newServer(t)}
		for _, server := range stalled {
			server.feed(hello)
		}
		advance(10 * patience)
		for _, server := range stalled {
			if server.step(); server.err != nil {
				t.Fatalf("a handshake was ended that was in nobody's way: %v", server.err)
			}
		}

		late := w.newServer(t)
		late.feed(hello)
		synctest.Wait()
		late.step()
		stalled[0].step()
		stalled[1].step()
		if !errors.Is(stalled[0].err, ErrCrowdedOut) || stalled[1].err != nil || len(late.out) == 0 {
			t.Fatalf("oldest: %v, next: %v, late one answered %d bytes", stalled[0].err, stalled[1].err, len(late.out))
		}

		// The pool is full again, of one old and one new handshake. Two more come: the old one's place is free at
		// once, the new one's when its patience has run out.
		more := []*peer{w.newServer(t), w.newServer(t)}
		for _, server := range more {
			server.feed(hello)
		}
		advance(patience - 1)
		late.step()
		more[0].step()
		more[1].step()
		if len(more[0].out) == 0 || len(more[1].out) != 0 || late.err != nil {
			t.Fatalf("answered %d and %d bytes, late one: %v", len(more[0].out), len(more[1].out), late.err)
		}
		advance(2 * reviewInterval)
		late.step()
		more[1].step()
		if len(more[1].out) == 0 || !errors.Is(late.err, ErrCrowdedOut) {
			t.Fatalf("answered %d bytes, late one: %v", len(more[1].out), late.err)
		}
		for _, server := range append(more, late, stalled[1]) {
			server.session.Abandon()
		}
		w.running.Wait()
	})
}

// TestRoom has a session without a place in the pool refuse more than a record, and ask for more when it has one.
func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		hello := w.hello(t)
		w.pool = NewPool(1, w.running.Go)
		first, second := w.newServer(t), w.newServer(t)
		first.feed(hello)
		synctest.Wait()

		rest := second.feed(append(hello, make([]byte, 2*handshakeRoom)...))
		if fed := len(hello) + 2*handshakeRoom - len(rest); fed != handshakeRoom {
			t.Fatalf("%d bytes were taken, want %d", fed, handshakeRoom)
		}
		if space := second.session.Space(); space != nil {
			t.Fatalf("space for %d more", len(space))
		}
		first.session.Abandon()
		synctest.Wait()
		select {
		case <-second.woken:
		default:
			t.Fatal("not woken when there was room")
		}
		second.session.Abandon()
		w.running.Wait()
	})
}
