// attack: everything that a Go program can do wrong, as its peer says
// expect: served: the data is a string of commands; most of them are the guest's end, and of nothing else
//
// 'e' echoes the rest of the data, 'p' panics, 'P' panics in a goroutine, 'n' dereferences nil, 'd' waits for ever with no
// goroutine that could end it, 'm' allocates without end, 'g' starts goroutines without end, 's' spins, 'S' spins in a
// goroutine while the event waits for it, 'k' spins in a goroutine that nobody waits for, 'r' recurs without end, 'w'
// writes without end, 'x' exits, 'l' and 'a' lose and abort the connection, 'h' takes some milliseconds, 'R' writes 32
// random bytes, 'M' 32 of math/rand and the order of a map, 'G' 32 of a generator that was seeded in restored, 'f'
// leaves 0xa5 all over a grown heap, 't' starts timers, 'D' dumps memory: its length, 4 bytes little-endian, and all of
// it.

//go:build wasip1

package main

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"time"
	"unsafe"

	wasmnet "github.com/wasmnet/wasmnet/guest-sdk/go"
	"github.com/wasmnet/wasmnet/guest-sdk/go/restored"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

func init() {
	restored.On(func() {
		var seed [32]byte
		crand.Read(seed[:])
		reseeded = rand.New(rand.NewChaCha8(seed))
	})
	for n := range byte(64) {
		letters[n] = true
	}
	wasmnet.Run(func(protocol.Reactor, wasmnet.Config) (protocol.Factory, error) {
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &gopher{} }), nil
	})
}

func main() {}

// gopher does what it is told.
type gopher struct {
	protocol.Base
}

var (
	kept     [][]byte
	secret   [512]uint64
	number   int
	reseeded *rand.Rand
	letters  = map[byte]bool{}
)

func (g *gopher) DataReceived(data []byte) {
	for n, command := range data {
		switch command {
		case 'e':
			g.Transport.Write(data[n+1:])
			return
		case 'p':
			panic("on purpose")
		case 'P':
			done := make(chan struct{})
			go func() { defer close(done); panic("in a goroutine") }()
			<-done
		case 'n':
			var p *gopher
			p.Transport.Write(nil)
		case 'd':
			<-make(chan struct{})
		case 'm':
			for {
				kept = append(kept, make([]byte, 1<<20))
			}
		case 'g':
			for {
				go func() { <-make(chan struct{}) }()
			}
		case 's':
			for {
				number++
			}
		case 'S':
			done := make(chan int)
			go func() {
				for {
					number++
				}
			}()
			<-done
		case 'k':
			go func() {
				for {
					number++
				}
			}()
		case 'r':
			number = deeper(1)
		case 'w':
			for {
				g.Transport.Write(make([]byte, 64<<10))
			}
		case 'x':
			os.Exit(3)
		case 'R':
			var random [32]byte
			crand.Read(random[:])
			g.Transport.Write(random[:])
		case 'M':
			g.draw(rand.Uint64)
			for letter := range letters {
				g.Transport.Write([]byte{letter})
			}
		case 'G':
			g.draw(reseeded.Uint64)
		case 'l':
			g.Transport.LoseConnection()
		case 'a':
			g.Transport.AbortConnection()
		case 'h':
			for begun := time.Now(); time.Since(begun) < 5*time.Millisecond; {
				number++
			}
		case 'f':
			g.fill()
		case 't':
			for range 10 {
				g.Transport.Reactor().CallLater(time.Millisecond, func() { panic("a timer of a connection that is gone") })
			}
		case 'D':
			g.dump(data)
			return
		}
	}
}

func deeper(n int) int { return deeper(n+1) + n }

// draw writes 32 bytes of a source of random numbers.
func (g *gopher) draw(source func() uint64) {
	var b []byte
	for range 4 {
		b = binary.LittleEndian.AppendUint64(b, source())
	}
	g.Transport.Write(b)
}

// fill leaves a secret everywhere.
func (g *gopher) fill() {
	for n := range secret {
		secret[n] = 0xa5a5a5a5a5a5a5a5
	}
	for n := range 64 {
		b := make([]byte, 64<<10)
		for n := range 64 {
			b[n] = 0xa5
		}
		for n := 64; n < len(b); n *= 2 {
			copy(b[n:], b[:n])
		}
		kept = append(kept, b)
		number = 0xa5a5a5a5 + n
	}
}

//go:wasmimport wasmnet_v1 write
func write(conn int32, p unsafe.Pointer, n int32) int32

// memorySize is in pages.
func memorySize() int32

// dump writes memory as it is, past the SDK, so that it is disturbed as little as possible.
func (g *gopher) dump(data []byte) {
	const conn = 1
	size := uint32(memorySize()) << 16
	var header [4]byte
	binary.LittleEndian.PutUint32(header[:], size)
	write(conn, unsafe.Pointer(&header), 4)
	write(conn, nil, int32(size))
}
