package wasmnet_test

import (
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
)

func TestExportsAreEvents(t *testing.T) {
	f := load(t)
	exports := f.module.ExportedFunctionDefinitions()
	for e, fn := range abi.Events {
		d, ok := exports[fn.Name]
		switch e := abi.Event(e); e {
		case abi.MessageReceived, abi.ExportState, abi.ImportState:
			if ok {
				t.Errorf("%s is exported although nothing stands behind it", e)
			}
			continue
		}
		if !ok {
			t.Errorf("%s is not exported", fn.Name)
			continue
		}
		if got, want := d.ParamTypes(), types(fn.Params); string(got) != string(want) {
			t.Errorf("%s takes %x, want %x", fn.Name, got, want)
		}
		if got, want := d.ResultTypes(), results(fn); string(got) != string(want) {
			t.Errorf("%s returns %x, want %x", fn.Name, got, want)
		}
	}
	for name := range exports {
		if !known(name) {
			t.Errorf("export %s is no event of the ABI", name)
		}
	}
}

func known(name string) bool {
	for _, fn := range abi.Events {
		if fn.Name == name {
			return true
		}
	}
	return false
}

func TestStart(t *testing.T) {
	for _, c := range []struct {
		name, variant string
		status        int32
		said          string
	}{
		{"good", "", 0, "root started"},
		{"refused by the module", "refuse", 1, "start refused: the moon is wrong"},
		{"no factory", "nothing", 1, "start refused: the module returned no factory"},
		{"dialling", "dial", 1, "start refused: connect tcp:127.0.0.1:1: reactor is not running"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := load(t, "case", c.variant)
			if got := f.call("wasmnet_start"); got != c.status {
				t.Errorf("status %d, want %d", got, c.status)
			}
			f.expect(c.said)
		})
	}
}

func TestLifeOfAConnection(t *testing.T) {
	f := started(t)
	f.info(3, abi.InfoPeer, "192.0.2.1:4321")
	f.info(3, abi.InfoHost, "[2001:db8::1]:80")
	f.event(abi.Restored)
	f.event(abi.ConnectionMade, 3)
	f.expect("root builds for tcp 192.0.2.1:4321", "made 3, restored 1")
	f.data(3, "transport addresses")
	f.expect("peer protocol.TCPAddress 192.0.2.1:4321, host protocol.TCPAddress [2001:db8::1]:80")
	f.answers["write"] = 5
	f.data(3, "write hello;transport buffered")
	f.expect(`write 3 "hello"`, "wrote 5, <nil>", "buffered 5")
	f.event(abi.ConnectionLost, 3, 1)
	f.expect("lost: connection was lost, reason 1, write: connection is closed or closing")
	f.data(3, "write again")
	f.event(abi.ConnectionLost, 3, 1)
	f.expect()
	f.event(abi.Stop)
	f.expect("root stopped")
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ peer, network, want string }{
		{"[::1]:80", "tcp", "root builds for tcp [::1]:80"},
		{"/run/a.sock", "unix", "root builds for unix /run/a.sock"},
		{"@abstract", "unix", "root builds for unix @abstract"},
		{"", "unix", "root builds for unix "},
		{"stdio", "pipe", "root builds for pipe stdio"},
	} {
		t.Run(c.want, func(t *testing.T) {
			f := started(t)
			f.info(1, abi.InfoPeer, c.peer)
			f.info(1, abi.InfoNetwork, c.network)
			f.event(abi.ConnectionMade, 1)
			f.expect(c.want, "made 1, restored 0")
		})
	}
}

func TestRefusedConnectionIsClosed(t *testing.T) {
	f := started(t, "case", "deny")
	f.info(1, abi.InfoPeer, "192.0.2.1:1")
	f.event(abi.ConnectionMade, 1)
	f.expect("lose_connection 1")
	f.data(1, "write x")
	f.event(abi.ConnectionLost, 1, 0)
	f.expect()
}

func TestTransport(t *testing.T) {
	f := connected(t)
	for _, c := range []struct {
		command string
		said    []string
	}{
		{"transport options", []string{"set_option 1 0 0", "set_option 1 1 1"}},
		{"transport pause;transport resume", []string{"pause_reading 1", "resume_reading 1"}},
		{"transport losewrite;transport losewrite;write x",
			[]string{"lose_write_connection 1", "wrote 0, connection is closed or closing"}},
		{"transport lose;transport lose;write x;transport resume",
			[]string{"lose_connection 1", "disconnecting true", "disconnecting true", "wrote 0, connection is closed or closing"}},
		{"transport resume", nil}, // data that arrives after LoseConnection is not delivered
	} {
		f.data(1, c.command)
		f.expect(c.said...)
	}
}

func TestAbort(t *testing.T) {
	f := connected(t)
	f.data(1, "transport abort;write x;transport lose")
	f.expect("abort_connection 1", "wrote 0, connection is closed or closing", "disconnecting true")
	f.event(abi.ConnectionLost, 1, 2)
	f.expect("lost: connection was aborted, reason 2, write: connection is closed or closing")
}

func TestHardCap(t *testing.T) {
	f := connected(t)
	f.answers["write"] = int32(abi.Limit)
	f.data(1, "write x;write y")
	f.expect(`write 1 "x"`, "wrote 0, limit exceeded", "wrote 0, connection is closed or closing")
}

func TestHalfClose(t *testing.T) {
	f := connected(t)
	f.event(abi.ReadConnectionLost, 1)
	f.expect("lose_connection 1")
	f = connected(t, "case", "half")
	f.event(abi.ReadConnectionLost, 1)
	f.data(1, "transport losewrite")
	f.event(abi.WriteConnectionLost, 1)
	f.expect("read lost", "lose_write_connection 1", "write lost")
}

func TestPushProducer(t *testing.T) {
	f := connected(t)
	f.data(1, "push;push")
	f.expect("register: <nil>", "register: a producer is already registered")
	f.event(abi.ResumeProducing, 1)
	f.expect()
	f.event(abi.PauseProducing, 1)
	f.event(abi.PauseProducing, 1)
	f.event(abi.ResumeProducing, 1)
	f.expect("producer paused", "producer resumed")
	f.data(1, "transport lose;write x")
	f.expect("pause_reading 1", "disconnecting true", `write 1 "x"`, "wrote 1, <nil>")
	f.event(abi.ConnectionLost, 1, 1)
	f.expect("producer stopped", "lost: connection was lost, reason 1, write: connection is closed or closing")
}

func TestPushProducerOnAFullConnectionIsPaused(t *testing.T) {
	f := connected(t)
	f.event(abi.PauseProducing, 1)
	f.data(1, "push")
	f.expect("register: <nil>", "producer paused")
}

func TestClosingWaitsForTheProducer(t *testing.T) {
	f := connected(t)
	f.data(1, "pull;transport losewrite;write x")
	f.expect("set_option 1 3 1", "register: <nil>", `write 1 "x"`, "wrote 1, <nil>")
	f.data(1, "transport unregister;write y")
	f.expect("set_option 1 3 0", "lose_write_connection 1", "wrote 0, connection is closed or closing")
	f = connected(t)
	f.data(1, "push;transport lose;transport unregister")
	f.expect("register: <nil>", "pause_reading 1", "disconnecting true", "lose_connection 1")
}

func TestPullProducer(t *testing.T) {
	f := connected(t)
	f.data(1, "pull")
	f.event(abi.ResumeProducing, 1)
	f.event(abi.ResumeProducing, 1)
	f.expect("set_option 1 3 1", "register: <nil>", "producer resumed", "producer resumed")
	f.event(abi.ReadConnectionLost, 1)
	f.expect("set_option 1 3 0", "lose_connection 1")
}

func TestTLS(t *testing.T) {
	f := connected(t)
	f.data(1, "transport tls")
	f.expect("tls {ALPN: ServerName: Version: CipherSuite: PeerCertificate:[] PeerVerified:false} false")
	f.data(1, "transport starttls;transport starttls server;transport starttls wrong")
	f.expect("start_tls 1 role=client\nserver_name=example.com\nalpn=a,b", "start TLS: <nil>",
		"start_tls 1 role=server\nidentity=second", "start TLS: <nil>",
		`start TLS: start TLS: alpn "a\nrole=server": holds a line end`)
	for code, want := range map[abi.Code]string{
		abi.Conflict: "TLS is already active",
		abi.NotFound: `start TLS: identity "second": not configured`,
		abi.Closed:   "connection is closed or closing",
	} {
		f.answers["start_tls"] = int32(code)
		f.data(1, "transport starttls server")
		f.expect("start_tls 1 role=server\nidentity=second", "start TLS: "+want)
	}
	for key, value := range map[int32]string{
		abi.InfoTLSVersion: "TLS 1.3", abi.InfoALPN: "h2", abi.InfoSNI: "example.com", abi.InfoCipher: "TLS_AES_128_GCM_SHA256",
		abi.InfoPeerCertificate: "\x01\x02", abi.InfoPeerVerified: "1",
	} {
		f.info(1, key, value)
	}
	f.event(abi.HandshakeCompleted, 1)
	f.data(1, "transport tls")
	f.expect("handshake completed", "tls {ALPN:h2 ServerName:example.com Version:TLS 1.3 "+
		"CipherSuite:TLS_AES_128_GCM_SHA256 PeerCertificate:[1 2] PeerVerified:true} true")
}

func TestPeerCredentials(t *testing.T) {
	f := connected(t)
	f.data(1, "transport credentials")
	f.expect("credentials pid=0,uid=0,gid=0, not supported here")
	f.info(1, abi.InfoPeerCredentials, "pid=1,uid=2,gid=3")
	f.data(1, "transport credentials")
	f.expect("credentials pid=1,uid=2,gid=3, <nil>")
}

func TestSplice(t *testing.T) {
	f := connected(t)
	f.info(2, abi.InfoPeer, "192.0.2.2:1")
	f.event(abi.ConnectionMade, 2)
	f.data(1, "first")
	f.said = nil
	f.data(2, "splice")
	f.answers["splice"] = int32(abi.Closed)
	f.data(2, "splice")
	f.expect("splice 1 2", "splice: <nil>", "splice 1 2", "splice: connection is closed or closing")
	f.data(1, "push")
	f.said = nil
	f.data(2, "splice")
	f.expect("splice: a producer is already registered")
}

func TestConfigAndMetric(t *testing.T) {
	f := connected(t, "long", strings.Repeat("x", 1000))
	f.data(1, "config long;config none;metric requests")
	f.expect("config 1000 bytes, true", "config 0 bytes, false", "metric 0 requests 0", "metric: <nil>")
	f.answers["metric"] = int32(abi.Invalid)
	f.data(1, "metric X")
	f.expect("metric 0 X 0", `metric: metric "X" = 2: an argument makes no sense`)
}

func TestSlog(t *testing.T) {
	f := connected(t)
	f.data(1, "slog 7")
	f.expect(`2 msg="two words" conn=1 request.size=7 request.level=high`)
}
