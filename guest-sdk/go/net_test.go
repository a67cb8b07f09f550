package wasmnet_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

func TestConnect(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = 7
	f.data(1, "connect tcp:example.com:80:timeout=3")
	f.expect("client started", "connect tcp:example.com:80:timeout=3",
		"client connecting to protocol.HostnameAddress example.com:80")
	f.info(7, abi.InfoPeer, "192.0.2.7:80")
	f.event(abi.ConnectionMade, 7)
	f.expect("client builds for tcp 192.0.2.7:80", "made 7, restored 0")
	f.data(1, "disconnect")
	f.expect("lose_connection 7")
	f.event(abi.ConnectionLost, 7, 0)
	f.expect("lost: connection was closed cleanly, reason 0, write: connection is closed or closing",
		"client lost: connection was closed cleanly", "client stopped")
}

func TestConnectFails(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = 7
	f.data(1, `retry unix:/run/a\:b`)
	f.expect("client started", `connect unix:/run/a\:b`, "client connecting to protocol.UNIXAddress /run/a:b")
	f.answers["connect"] = 8
	f.event(abi.ConnectFailed, 7, 3)
	f.expect("client failed: connection was refused", `connect unix:/run/a\:b`,
		"client connecting to protocol.UNIXAddress /run/a:b")
	f.event(abi.ConnectFailed, 8, 4)
	f.expect("client failed: timed out", "client stopped")
}

func TestConnectRefusedByTheFactory(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = 7
	f.data(1, "dialrefused tcp:127.0.0.1:80")
	f.said = nil
	f.info(7, abi.InfoPeer, "127.0.0.1:80")
	f.event(abi.ConnectionMade, 7)
	f.event(abi.ConnectionLost, 7, 0)
	f.expect("client builds for tcp 127.0.0.1:80", "lose_connection 7", "client failed: not permitted", "client stopped")
}

func TestConnectRefusedAtOnce(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = int32(abi.Denied)
	f.data(1, "connect tcp:127.0.0.1:80")
	f.expect("client started", "connect tcp:127.0.0.1:80", "client connecting to protocol.TCPAddress 127.0.0.1:80")
	f.timer()
	f.expect("client failed: not permitted", "client stopped")
	f.data(1, "connect tcp:127.0.0.1:80;stopconnecting")
	f.said = nil
	f.timer()
	f.expect("client failed: connecting was cancelled", "client stopped")
}

func TestConnectToNonsense(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = int32(abi.Invalid)
	f.data(1, "dial tcp:80")
	f.expect("client started", "connect tcp:80", "client stopped",
		`error: connect "tcp:80": not a client endpoint that can be dialled: an argument makes no sense`)
	f.data(1, "dial udp:127.0.0.1:80")
	f.expect("error: connect udp:127.0.0.1:80: a datagram endpoint: use ConnectUDP or ConnectUNIXDatagram")
}

func TestStopConnecting(t *testing.T) {
	f := connected(t)
	f.answers["connect"] = 7
	f.data(1, "connect tcp:127.0.0.1:80;stopconnecting")
	f.event(abi.ConnectFailed, 7, 10)
	f.said = f.said[3:]
	f.expect("abort_connection 7", "client failed: connecting was cancelled", "client stopped")
}

func TestListen(t *testing.T) {
	f := connected(t)
	f.answers["listen"] = 5
	f.info(5, abi.InfoHost, "127.0.0.1:8080")
	f.data(1, "listen tcp:8080")
	f.expect("server started", "listen tcp:8080", "listening on 127.0.0.1:8080")
	f.info(6, abi.InfoPeer, "192.0.2.6:1")
	f.info(6, abi.InfoListener, "5")
	f.event(abi.ConnectionMade, 6)
	f.expect("server builds for tcp 192.0.2.6:1", "made 6, restored 0")
	f.info(7, abi.InfoPeer, "192.0.2.7:1")
	f.event(abi.ConnectionMade, 7)
	f.expect("root builds for tcp 192.0.2.7:1", "made 7, restored 0")
	f.data(1, "stoplistening;stoplistening")
	f.expect("stop_listening 5", "server stopped")
}

// Handles are small, but nothing breaks if they are not.
func TestLargeHandles(t *testing.T) {
	f := connected(t)
	for _, handle := range []int32{4095, 4096, 1<<31 - 1} {
		f.info(handle, abi.InfoPeer, "192.0.2.9:1")
		f.event(abi.ConnectionMade, handle)
		f.said = nil
		f.data(handle, "write x")
		f.expect(fmt.Sprintf(`write %d "x"`, handle), "wrote 1, <nil>")
		f.event(abi.ConnectionLost, handle, 0)
		f.said = nil
		f.data(handle, "write x")
		f.expect()
	}
}

func TestListenFails(t *testing.T) {
	f := connected(t)
	for code, want := range map[abi.Code]string{
		abi.Conflict: "error: cannot listen: tcp:80: address in use",
		abi.Denied:   "error: cannot listen: tcp:80: not permitted",
		abi.Invalid:  `error: cannot listen: "tcp:80": not a server endpoint that can be opened`,
	} {
		f.answers["listen"] = int32(code)
		f.data(1, "listen tcp:80")
		f.expect("server started", "listen tcp:80", "server stopped", want)
	}
}

func TestDatagrams(t *testing.T) {
	f := connected(t)
	f.answers["listen"] = 5
	f.info(5, abi.InfoHost, "127.0.0.1:53")
	f.data(1, "listenudp udp:53")
	f.event(abi.ConnectionMade, 5)
	f.expect("listen udp:53", "udp started 127.0.0.1:53, peer invalid AddrPort false")
	f.receive("hello", "192.0.2.1:9")
	f.event(abi.DatagramReceived, 5, 5, 11)
	f.expect("send_datagram 5 hello 192.0.2.1:9", `udp "hello" from 192.0.2.1:9, answer: <nil>`)
	f.answers["send_datagram"] = int32(abi.TooBig)
	f.event(abi.DatagramReceived, 5, 5, 11)
	f.expect("send_datagram 5 hello 192.0.2.1:9", `udp "hello" from 192.0.2.1:9, answer: datagram is too long`)
	f.data(1, "stoplistening;stoplistening")
	f.event(abi.DatagramReceived, 5, 5, 11)
	f.event(abi.ConnectionLost, 5, 0)
	f.expect("stop_listening 5", "udp stopped: <nil>")

	f.answers["connect"] = 6
	f.info(6, abi.InfoHost, "127.0.0.1:9")
	f.info(6, abi.InfoPeer, "127.0.0.1:53")
	f.data(1, "connectudp udp:127.0.0.1:53")
	f.event(abi.ConnectionMade, 6)
	f.event(abi.ConnectionLost, 6, 13)
	f.expect("connect udp:127.0.0.1:53", "udp started 127.0.0.1:9, peer 127.0.0.1:53 true", "udp stopped: shutting down")
	f.data(1, "connectudp tcp:127.0.0.1:53")
	f.expect("error: connect tcp:127.0.0.1:53: not an endpoint of such datagrams")
}

func TestPortOfTheServiceWithoutAProtocolIsClosed(t *testing.T) {
	f := started(t)
	f.info(4, abi.InfoHost, "127.0.0.1:53")
	f.event(abi.ConnectionMade, 4)
	f.event(abi.ConnectionLost, 4, 0)
	f.expect("stop_listening 4")
}

func TestResolve(t *testing.T) {
	f := connected(t)
	f.answers["resolve"] = 9
	f.data(1, "resolve example.com")
	f.receive("192.0.2.1\n2001:db8::1\n")
	f.event(abi.Completed, 9, 0, 22)
	f.expect("resolve example.com", `resolved ["192.0.2.1" "2001:db8::1"], <nil>, dns false`)
	f.data(1, "resolve example.org;cancel;cancel")
	f.event(abi.Completed, 9, int32(abi.Cancelled), 0)
	f.expect("resolve example.org", "cancel 9", `resolved [], connecting was cancelled, dns false`)
	f.data(1, "resolve nowhere")
	f.event(abi.Completed, 9, int32(abi.NotFound), 0)
	f.expect("resolve nowhere", `resolved [], name could not be resolved: nowhere: no such name or key, dns true`)
	f.answers["resolve"] = int32(abi.Denied)
	f.data(1, "resolve example.com")
	f.expect("resolve example.com")
	f.timer()
	f.expect(`resolved [], name could not be resolved: example.com: not permitted, dns true`)
	f.data(1, "resolve example.com;cancel")
	f.timer()
	f.expect("resolve example.com", `resolved [], connecting was cancelled, dns false`)
}

// task puts the frame of a task into the receive buffer, and returns its length.
func (f *fake) task(name, input string) int32 {
	frame := string(binary.LittleEndian.AppendUint16(nil, uint16(len(name)))) + name + input
	f.receive(frame)
	return int32(len(frame))
}

func TestDeferToThread(t *testing.T) {
	f := connected(t)
	f.answers["defer_to_thread"] = 9
	f.data(1, "task upper hello")
	f.expect("defer_to_thread \x05\x00upperhello")
	f.receive("HELLO")
	f.event(abi.Completed, 9, 0, 5)
	f.expect(`task: "HELLO", <nil>`)
	f.data(1, "task fail")
	f.receive("no luck")
	f.event(abi.Completed, 9, 1, 7)
	f.expect("defer_to_thread \x04\x00fail", `task: "", task "fail": no luck`)
	f.data(1, "task upper")
	f.event(abi.Completed, 9, int32(abi.IO), 0)
	f.expect("defer_to_thread \x05\x00upper", `task: "", task "upper": the worker trapped`)
	f.data(1, "task none")
	f.timer()
	f.expect(`task: "", task "none": no task is registered under this name`)
}

func TestRunTask(t *testing.T) {
	f := started(t)
	if status := f.event(abi.RunTask, f.task("upper", "hello")); status != 0 {
		t.Errorf("status %d, want 0", status)
	}
	if status := f.event(abi.RunTask, f.task("fail", "")); status != 1 {
		t.Errorf("status %d, want 1", status)
	}
	if status := f.event(abi.RunTask, f.task("none", "")); status != int32(abi.NotFound) {
		t.Errorf("status %d, want NOT_FOUND", status)
	}
	for _, frame := range []string{"", "\x01", "\x01\x00", "\xff\xff"} {
		f.receive(frame)
		if status := f.event(abi.RunTask, int32(len(frame))); status != int32(abi.Invalid) {
			t.Errorf("frame %q: status %d, want INVALID", frame, status)
		}
	}
	f.answers["task_result"] = int32(abi.TooBig)
	if status := f.event(abi.RunTask, f.task("upper", "x")); status != int32(abi.TooBig) {
		t.Errorf("status %d, want TOO_BIG", status)
	}
	f.expect("task_result HELLO", "task_result no luck", "task_result X")
}

func TestProgram(t *testing.T) {
	f := started(t, "command", "stop 3", "case", "program")
	f.event(abi.WhenRunning)
	f.expect("running program", "stop 3", "stop: <nil>")
}

func TestStop(t *testing.T) {
	f := connected(t)
	for code, want := range map[abi.Code]string{
		abi.Closed:  "stop: reactor is not running",
		abi.Denied:  "stop: not permitted",
		abi.Invalid: "stop: stop with status 999: an argument makes no sense",
	} {
		f.answers["stop"] = int32(code)
		f.data(1, "stop 999")
		f.expect("stop 999", want)
	}
}
