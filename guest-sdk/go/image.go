//go:build wasip1

package wasmnet

import (
	"net/netip"
	"runtime"
	"unsafe"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// hot is what the events of every connection write to. A sandbox shares the pages of the image until it writes to them,
// so each page written costs every connection 4 KiB and a part of a microsecond: all of it stands together, and the
// first connection of an instance, which most often is the only one, is made without an allocation.
//
// What events only read stands here as well: where thousands of sandboxes take turns, each page that an event touches is a
// miss in the processor's translation buffer.
var hot struct {
	conn    conn // the first one
	peer    protocol.TCPAddress
	taken   bool
	running bool // start-up is over

	// still says that the event under way has let no goroutine go on. All of them waited when it began, so they need
	// not be given a turn, which costs more than most events do.
	still bool

	timersChanged bool
	writer        int32 // handle of the connection that the event under way wrote to last; 0: none
	gathered      int   // bytes in gather, which are for it

	conns   table[conn]
	handles [16]*conn // where conns begins
	posted  posted
	waiting []func() // given to CallWhenRunning until there is an event
	scope   deferred.Scope

	scratch [256]byte // what conn_info tells; nothing keeps it
	receive [64 << 10]byte
	gather  [4 << 10]byte // see gather.go
}

func init() {
	hot.conns.small = hot.handles[:]
	hot.scope = *deferred.NewScope(func(e *deferred.UnhandledError) { Log(abi.LogError, e.Error()) })
}

// newConn returns a connection with nothing in it.
func newConn() *conn {
	if hot.taken {
		return new(conn)
	}
	hot.taken = true
	return &hot.conn
}

// tcpAddress returns a as an Address. The first one stands in hot: the interface is made to point there.
func tcpAddress(a netip.AddrPort) protocol.Address {
	address := protocol.Address(protocol.TCPAddress{})
	if hot.peer.IsValid() {
		address = protocol.TCPAddress{AddrPort: a}
	} else {
		hot.peer.AddrPort = a
		(*struct{ method, value unsafe.Pointer })(unsafe.Pointer(&address)).value = unsafe.Pointer(&hot.peer)
	}
	return address
}

// Where settle leaves what it allocates, so that the compiler does not take it away.
var (
	settledBytes    []byte
	settledPointers []*byte
	settledSplicer  bool
)

// settle prepares the memory to become an image. The garbage of start-up is collected, so that the next collection is as
// far off as it can be. That empties the allocator's caches, and filling one writes to several pages: one object of
// each small size, without pointers and with, leaves them filled. It also empties what libraries keep for reuse, which a
// second connection fills again. And the runtime notes for good that a connection can be spliced, which takes it long to
// find out.
func settle() {
	warm()
	collect()
	warm()
	for size := 8; size <= 2048; size += max(8, size/64*8) {
		settledBytes = make([]byte, size)
		settledPointers = make([]*byte, size/8)
	}
	settledBytes, settledPointers = nil, nil
	_, settledSplicer = protocol.Transport(&hot.conn).(protocol.Splicer)
}

func warm() {
	if f, ok := rootFactory.(WarmFactory); ok {
		f.Warm()
		endTurn()
	}
}

// Goroutines of a program that has some begin with a stack as large as that of those that serve connections most often
// becomes: growing it is a copy, and a twentieth of a connection's time. The collector sets the size from the stacks
// that it finds, so it is shown some.
const (
	deepStacks = 16
	deepStack  = 12 << 10 // of use, for stacks of 16 KiB
)

// collect collects garbage.
func collect() {
	if runtime.NumGoroutine() == 1 {
		runtime.GC()
		return
	}
	release := make(chan struct{})
	for range deepStacks {
		go waitDeep(release)
	}
	letGoroutinesRun()
	runtime.GC()
	close(release)
	letGoroutinesRun()
}

// waitDeep waits with much on its stack.
//
//go:noinline
func waitDeep(release <-chan struct{}) byte {
	var frame [deepStack]byte
	<-release
	return frame[len(release)]
}
