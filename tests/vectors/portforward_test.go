package vectors

import (
	"fmt"
	"io"
	"maps"
	"net"
	"testing"

	"github.com/wasmnet/wasmnet/internal/testpeer"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func init() { players["portforward"] = portforwardScript }

// portforwardScript plays a forwarder to a backend that sends back what it is sent.
func portforwardScript(c *testCase) (*script, error) {
	if c.Role != "server" || len(c.Setup) > 0 {
		return nil, fmt.Errorf("role %q with setup %v cannot be played", c.Role, c.Setup)
	}
	want, err := c.wants("output", "close")
	s := &script{module: "portforward", want: want, observe: observeFraming}
	s.inMemory = func(t *testing.T, chunks [][]byte) observed {
		r := reactortest.NewReactor()
		echo, err := build("echo", r, settings(nil))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Listen("tcp:7:interface=127.0.0.1", echo); err != nil {
			t.Fatal(err)
		}
		client, conn := s.join(t, r, map[string]string{"to": "tcp:127.0.0.1:7"}, chunks)
		return s.observe("", client.Received, conn.Disconnecting(), [2]string{})
	}
	s.overSockets = func(t *testing.T, chunks [][]byte) observed {
		backend := echoServer(t)
		here := *s
		here.config = map[string]string{"to": "tcp:" + backend}
		m := here.serve(t, nil, grantsOf(t, "dial=tcp:"+backend))
		defer m.stop()
		output, closed := converseWithEcho(t, m.addr, chunks)
		return s.observe("", output, closed, [2]string{})
	}
	return s, err
}

// converseWithEcho sends each chunk when the one before has come back, and tells what came and whether the connection was
// closed before the peer closed it. What is spliced the module does not see, so it cannot tell when to go on.
func converseWithEcho(t *testing.T, addr string, chunks [][]byte) (output []byte, closed bool) {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	for _, chunk := range chunks {
		if _, err := c.Write(chunk); err != nil {
			return output, true
		}
		back := make([]byte, len(chunk))
		n, err := io.ReadFull(c, back)
		output = append(output, back[:n]...)
		if err != nil {
			return output, true
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Error(err)
	}
	rest, err := io.ReadAll(c)
	if err != nil {
		t.Error(err)
	}
	return append(output, rest...), false
}

func settings(config map[string]string) func(key string) (string, bool) {
	return func(key string) (string, bool) { v, ok := config[key]; return v, ok }
}

// join connects a client to the script's module in memory, and sends the chunks one after the other.
func (s *script) join(t *testing.T, r *reactortest.Reactor, more map[string]string, chunks [][]byte) (*reactortest.Recorder, *reactortest.Conn) {
	t.Helper()
	config := maps.Clone(s.config)
	if config == nil {
		config = map[string]string{}
	}
	maps.Copy(config, more)
	f, err := build(s.module, r, settings(config))
	if err != nil {
		t.Fatal(err)
	}
	client := &reactortest.Recorder{}
	pair := r.Join(client, f.BuildProtocol(protocol.TCPAddress{AddrPort: casePeer}))
	for _, chunk := range chunks {
		client.Transport.Write(chunk)
		r.Settle()
	}
	return client, pair.Server
}

// echoServer sends back what it is sent, until the test is over. It returns its address.
func echoServer(t *testing.T) string {
	t.Helper()
	return testpeer.Serve(t, "tcp", "127.0.0.1:0", func(c net.Conn) { io.Copy(c, c) })
}
