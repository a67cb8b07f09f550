package host

import (
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/internal/guestbuild"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// freshGuests are what BenchmarkFresh and BenchmarkRecycle measure, by name, and the message that each of them answers.
var freshGuests = []struct {
	name    string
	build   func(testing.TB) []byte
	config  map[string]string
	message string
}{
	{"C", func(t testing.TB) []byte { return guestbuild.Wat(t, "testdata/echo.wat") }, nil, "message"},
	{"Go", goEcho, nil, "message"},
	{
		"nethttp", func(t testing.TB) []byte { return guestbuild.Go(t, "../modules/builtin/guests/net") },
		map[string]string{"wasmnet.module": "nethttp"}, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
	},
}

// BenchmarkFresh is the price of a sandbox of one's own: recycle, first call, one message answered, and the end.
func BenchmarkFresh(b *testing.B) {
	for _, guest := range freshGuests {
		b.Run(guest.name, func(b *testing.B) {
			s, t := stubServiceWith(b, guest.build(b), guest.config)
			b.ReportAllocs()
			for b.Loop() {
				connectOnce(s, t, []byte(guest.message))
			}
			if t.out == 0 {
				b.Fatal("nothing was answered")
			}
		})
	}
}

// BenchmarkRecycle is the part of it without which there is no sandbox of one's own: an instance is taken back, made
// fresh, given to a connection, and hears the first thing about it.
func BenchmarkRecycle(b *testing.B) {
	for _, guest := range freshGuests {
		b.Run(guest.name, func(b *testing.B) {
			s, t := stubServiceWith(b, guest.build(b), guest.config)
			connectOnce(s, t, []byte(guest.message)) // for what only the first one does
			c, p := s.newConn(connRoot)
			p.ConnectionMade(t)
			calls, recycled := c.shard.tally.Calls, c.shard.tally.Recycled
			n := uint64(0)
			b.ReportAllocs()
			for b.Loop() {
				if err := renew(c, guest.message); err != nil {
					b.Fatal(err)
				}
				n++
			}
			if calls, recycled = c.shard.tally.Calls-calls, c.shard.tally.Recycled-recycled; calls < n || recycled != n {
				b.Fatalf("%d calls and %d instances recycled, in %d rounds", calls, recycled, n)
			}
			p.ConnectionLost(protocol.ErrConnectionDone)
		})
	}
}

// renew takes the instance of a connection back, without a word to the guest, and gives it a fresh one, whose first event
// is that the connection is made or, where the guest does not want to know that, the first message.
func renew(c *conn, message string) error {
	i := c.inst
	i.remove(c.handle, false)
	i.conns--
	i.recycle()
	i, err := c.shard.instance()
	if err != nil {
		return err
	}
	c.inst, i.starting = i, c
	c.handle, _ = i.add(c, false)
	i.conns++
	i.begin()
	if !i.exports(abi.ConnectionMade) {
		c.DataReceived(c.ReadBuffer()[:copy(c.ReadBuffer(), message)])
	}
	return nil
}
