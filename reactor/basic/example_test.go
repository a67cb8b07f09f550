package basic_test

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// greeter answers each line with a greeting, and closes the connection when it has heard nothing for a minute.
type greeter struct {
	basic.LineReceiver
	idle basic.Timeout
}

func newGreeter() *greeter {
	p := &greeter{}
	p.Handler = p
	return p
}

func (p *greeter) ConnectionMade(t protocol.Transport) {
	p.LineReceiver.ConnectionMade(t)
	p.idle.Set(t.Reactor(), time.Minute, t.LoseConnection)
}

func (p *greeter) LineReceived(line []byte) {
	p.idle.Reset()
	fmt.Fprintf(p.Transport, "hello, %s\r\n", line)
}

func (p *greeter) ConnectionLost(error) { p.idle.Stop() }

func ExampleLineReceiver() {
	t := reactortest.NewStringTransport()
	p := newGreeter()
	p.ConnectionMade(t)
	p.DataReceived([]byte("world\r\nmo"))
	p.DataReceived([]byte("on\r\n"))
	fmt.Printf("%q\n", t.Take())
	// Output: "hello, world\r\nhello, moon\r\n"
}

func ExampleTimeout() {
	t := reactortest.NewStringTransport()
	newGreeter().ConnectionMade(t)
	t.Clock.Advance(time.Minute)
	fmt.Println(t.Disconnecting())
	// Output: true
}

// sum adds up the numbers that it is sent, each in a netstring.
type sum struct {
	basic.NetstringReceiver
	total int
}

func (p *sum) StringReceived(s []byte) {
	var n int
	fmt.Sscan(string(s), &n)
	p.total += n
	p.SendString(fmt.Append(nil, p.total))
}

func ExampleNetstringReceiver() {
	p := &sum{}
	p.Handler = p
	t := reactortest.NewStringTransport()
	p.ConnectionMade(t)
	p.DataReceived([]byte("2:40,1:2,"))
	fmt.Println(t.Take())
	// Output: 2:40,2:42,
}

// upper sends back in upper case what it is sent.
type upper struct{ basic.Int16Receiver }

func (p *upper) StringReceived(s []byte) { p.SendString(bytes.ToUpper(s)) }

func ExampleIntReceiver() {
	p := &upper{}
	p.Handler = p
	t := reactortest.NewStringTransport()
	p.ConnectionMade(t)
	p.DataReceived([]byte("\x00\x05hello"))
	fmt.Printf("%q\n", t.Take())
	// Output: "\x00\x05HELLO"
}

// frames reads a type in one byte, a length in one byte, and so many bytes.
type frames struct {
	basic.StatefulReceiver
	kind byte
}

func (p *frames) InitialState() (basic.State, int) { return p.header, 2 }

func (p *frames) header(data []byte) (basic.State, int) {
	p.kind = data[0]
	return p.payload, int(data[1])
}

func (p *frames) payload(data []byte) (basic.State, int) {
	fmt.Printf("%c: %s\n", p.kind, data)
	return p.header, 2
}

func ExampleStatefulReceiver() {
	p := &frames{}
	p.Handler = p
	p.ConnectionMade(reactortest.NewStringTransport())
	p.DataReceived([]byte("A\x03oneB\x03two"))
	// Output:
	// A: one
	// B: two
}

func ExampleSendFile() {
	client, server := &reactortest.Recorder{}, &reactortest.Recorder{}
	pair := reactortest.NewPair(client, server)

	file, err := os.Open("testdata/motto.txt")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = basic.SendFile(pair.Server, file, bytes.ToUpper, func(_ []byte, err error) {
		file.Close()
		fmt.Println("sent, error:", err)
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pair.Server.LoseConnection() // as soon as the file is sent
	pair.Settle()
	fmt.Print(client.Take())
	// Output:
	// sent, error: <nil>
	// ONE SANDBOX A CONNECTION
}
