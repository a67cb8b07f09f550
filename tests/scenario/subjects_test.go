package scenario

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules"
)

// A subject is a built-in module that serves: how it is run, and a request that it has to answer after every attack.
type subject struct {
	config    map[string]string
	grants    []string
	request   string
	answered  func(response []byte) bool // the response is complete; asked after each piece
	datagram  string                     // the same over UDP
	datagrams bool                       // it serves UDP
}

// subjects has every built-in that serves connections; echo is where an echo is to be found, and web a web server, for
// those that dial.
func subjects(echo, web string) map[string]subject {
	const query = "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01"
	get := "GET / HTTP/1.1\r\nHost: test\r\n\r\n"
	there := netip.MustParseAddrPort(echo)
	return map[string]subject{
		"amp": {request: "\x00\x04_ask\x00\x011\x00\x08_command\x00\x03Sum\x00\x01a\x00\x0213\x00\x01b\x00\x0281\x00\x00",
			answered: has("\x00\x05total\x00\x0294")},
		"chargen": {request: "", answered: has(` !"#$%&'()*+,-./0123456789`), datagram: "?", datagrams: true},
		"chat":    {request: "Ann\r\n", answered: has("* You are Ann.")},
		"daytime": {request: "", answered: has(time.Now().UTC().Format(" 2006 ")), datagrams: true},
		"discard": {request: "hello", datagram: "hello", datagrams: true},
		"dns": {config: map[string]string{"origin": "example.", "zone": "@ SOA ns root 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\nwww A 192.0.2.7\n"},
			request: string([]byte{0, byte(len(query))}) + query, answered: has("\x00\x04\xc0\x00\x02\x07"), datagram: query, datagrams: true},
		"echo": {request: "hello", answered: has("hello"), datagram: "hello", datagrams: true},
		"finger": {config: map[string]string{"users": "ann:Ann Example"}, request: "ann\r\n",
			answered: has("Name: Ann Example\n")},
		"framing": {config: map[string]string{"framing": "netstring", "app": "echo"}, request: "5:hello,", answered: has("hello")},
		"ident": {config: map[string]string{"default": "HIDDEN-USER"}, request: "40001, 25\r\n",
			answered: has("40001, 25 : ERROR : HIDDEN-USER\r\n")},
		"nethttp": {request: get, answered: has("It works.\n")},
		"portforward": {config: map[string]string{"to": "tcp:" + echo}, grants: []string{"dial=tcp:" + echo}, request: "hello",
			answered: has("hello")},
		"qotd":  {answered: has("the doctor away.\r\n"), datagrams: true},
		"redis": {request: "*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n", answered: has("$5\r\nhello\r\n")},
		"reverseproxy": {config: map[string]string{"upstream": "http://" + web}, grants: []string{"dial=tcp:" + web}, request: get,
			answered: has("It works.\n")},
		"socks": {grants: []string{"dial=tcp:" + echo}, answered: has("hello"),
			request: "\x05\x01\x00" + "\x05\x01\x00\x01\x7f\x00\x00\x01" + string([]byte{byte(there.Port() >> 8), byte(there.Port())}) + "hello"},
		"tcpmap": {config: map[string]string{"map": "ann@example.org ann"}, request: "get ann@example.org\n", answered: has("200 ann\n")},
		"time":   {answered: func(response []byte) bool { return len(response) == 4 }, datagrams: true},
		"web":    {request: get, answered: has("It works.\n")},
		"websocket": {request: "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", answered: has("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")},
		"who": {config: map[string]string{"users": "ann;bob"}, answered: has("ann\r\nbob\r\n"), datagrams: true},
	}
}

// has is satisfied by a response with this text in it.
func has(text string) func([]byte) bool {
	return func(response []byte) bool { return bytes.Contains(response, []byte(text)) }
}

// TestEveryModuleIsASubject: whoever adds a module adds how it is attacked.
func TestEveryModuleIsASubject(t *testing.T) {
	table := subjects("127.0.0.1:7", "127.0.0.1:80")
	names := []string{"get"} // is a client; TestHostileServers has its peers
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	var all []string
	for _, m := range modules.All() {
		all = append(all, m.Name)
		readme, err := os.ReadFile(filepath.Join("..", "..", "modules", m.Name, "README.md"))
		if err != nil {
			t.Fatal(err)
		}
		if says := strings.Contains(string(readme), "--listen udp:"); says != table[m.Name].datagrams {
			t.Errorf("%s: its README says that it serves UDP: %t, and the table: %t", m.Name, says, !says)
		}
	}
	if !slices.Equal(names, all) {
		t.Errorf("there are requests for %q, and modules %q", names, all)
	}
}

// ask makes the subject's request in pieces of size bytes, on a connection of its own, and waits for the response.
func (sub subject) ask(address string, size int) error {
	c, err := dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	for piece := range slices.Chunk([]byte(sub.request), size) {
		if _, err := c.Write(piece); err != nil {
			return err
		}
	}
	if sub.answered == nil { // it never responds, and ends when the peer does
		if err := c.CloseWrite(); err != nil {
			return err
		}
		return nothing(c)
	}
	var response []byte
	for b := make([]byte, 4096); !sub.answered(response); {
		n, err := c.Read(b)
		if response = append(response, b[:n]...); err != nil && !sub.answered(response) {
			return fmt.Errorf("the response to %q is %.200q, %w", sub.request, response, err)
		}
	}
	return nil
}

// nothing reads the end of the connection.
func nothing(c net.Conn) error {
	if b, err := io.ReadAll(c); len(b) != 0 || err != nil {
		return fmt.Errorf("%q, %w, want the end", b, err)
	}
	return nil
}

// askByDatagram makes the request over UDP, again until there is a response: datagrams may be lost in a flood.
func (sub subject) askByDatagram(address string) error {
	c, err := net.Dial("udp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	var timeout net.Error
	for over := time.Now().Add(patience); time.Now().Before(over); {
		if _, err := c.Write([]byte(sub.datagram)); err != nil {
			return err
		}
		if sub.answered == nil {
			return nil
		}
		c.SetReadDeadline(time.Now().Add(time.Second))
		b := make([]byte, 65536)
		n, err := c.Read(b)
		switch {
		case err == nil && sub.answered(b[:n]):
			return nil
		case err == nil:
			return fmt.Errorf("the response to the datagram %q is %q", sub.datagram, b[:n])
		case !errors.As(err, &timeout) || !timeout.Timeout():
			return err
		}
	}
	return fmt.Errorf("no response to the datagram %q", sub.datagram)
}

// dial connects to an address of this machine.
func dial(network, address string) (*net.TCPConn, error) {
	c, err := net.DialTimeout(network, address, patience)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		c.Close()
		return nil, err
	}
	return c.(*net.TCPConn), nil
}
