package policy

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// logger writes to buf, without what is different each time.
func logger(buf *bytes.Buffer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(buf, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case slog.TimeKey, slog.LevelKey, "host", "cipher":
				return slog.Attr{}
			}
			return a
		},
	}))
}

func TestTrafficLog(t *testing.T) {
	var buf bytes.Buffer
	inner, client := &halfCloserProtocol{}, &halfCloserProtocol{}
	f := NewTrafficLoggingFactory(always(inner), TrafficLog{Logger: logger(&buf, slog.LevelDebug), Level: slog.LevelDebug})
	r := reactortest.NewReactor()
	r.Join(client, build(f, "1.2.3.4:5"))
	fmt.Fprint(client.Transport, "hé\x00")
	r.Settle()
	fmt.Fprint(inner.Transport, "answer")
	r.Settle()
	for _, p := range []*halfCloserProtocol{client, inner} {
		if err := p.Transport.StartTLS(protocol.TLSOptions{Server: p == inner, ALPN: []string{"h2"}}); err != nil {
			t.Fatal(err)
		}
	}
	r.Settle()
	if err := inner.Transport.StartTLS(protocol.TLSOptions{}); err == nil {
		t.Error("TLS was started twice")
	}
	client.Transport.LoseWriteConnection()
	r.Settle()
	inner.Transport.LoseWriteConnection()
	fmt.Fprint(inner.Transport, "late")
	r.Settle()
	wantLog(t, &buf, `
msg=connected traffic=1 peer=1.2.3.4:5
msg=received traffic=1 peer=1.2.3.4:5 bytes=4 data=hé\x00
msg=sent traffic=1 peer=1.2.3.4:5 bytes=6 data=answer
msg="starting TLS" traffic=1 peer=1.2.3.4:5 server=true
msg="TLS established" traffic=1 peer=1.2.3.4:5 version="TLS 1.3" alpn=h2
msg="TLS not started" traffic=1 peer=1.2.3.4:5 error="TLS is already active"
msg="the peer closed its side" traffic=1 peer=1.2.3.4:5
msg="closing our side" traffic=1 peer=1.2.3.4:5
msg="not sent" traffic=1 peer=1.2.3.4:5 bytes=4 error="connection is closed or closing"
msg="our side is closed" traffic=1 peer=1.2.3.4:5
msg=lost traffic=1 peer=1.2.3.4:5 reason="connection was closed cleanly"
`)
}

func TestTrafficLogEnds(t *testing.T) {
	var buf bytes.Buffer
	inner := &reactortest.Recorder{}
	f := NewTrafficLoggingFactory(always(inner), TrafficLog{Logger: logger(&buf, slog.LevelInfo)})
	for _, end := range []func(protocol.Transport){protocol.Transport.LoseConnection, protocol.Transport.AbortConnection} {
		p := build(f, "1.2.3.4:5")
		p.ConnectionMade(reactortest.NewStringTransport())
		end(inner.Transport)
		p.ConnectionLost(protocol.ErrConnectionLost)
	}
	wantLog(t, &buf, `
msg=connected traffic=1 peer=1.2.3.4:5
msg=closing traffic=1 peer=1.2.3.4:5
msg=lost traffic=1 peer=1.2.3.4:5 reason="connection was lost"
msg=connected traffic=2 peer=1.2.3.4:5
msg=aborting traffic=2 peer=1.2.3.4:5
msg=lost traffic=2 peer=1.2.3.4:5 reason="connection was lost"
`)
	buf.Reset()
	build(f.With(always(inner)), "1.2.3.4:5").ConnectionLost(protocol.ErrConnectionDone)
	wantLog(t, &buf, "\nmsg=lost traffic=3 peer=1.2.3.4:5 reason=\"connection was closed cleanly\"\n")
	buf.Reset()
	build(NewTrafficLoggingFactory(always(nil), TrafficLog{Logger: logger(&buf, slog.LevelInfo)}), "1.2.3.4:5")
	wantLog(t, &buf, "\nmsg=refused peer=1.2.3.4:5\n")
}

// The limit is for each direction of each connection; what is beyond is left out.
func TestTrafficLogLengthLimit(t *testing.T) {
	var buf bytes.Buffer
	inner := &reactortest.Recorder{}
	f := NewTrafficLoggingFactory(always(inner), TrafficLog{Logger: logger(&buf, slog.LevelInfo), LengthLimit: 5})
	p := build(f, "1.2.3.4:5")
	p.ConnectionMade(reactortest.NewStringTransport())
	for _, s := range []string{"abc", "def", "ghi"} {
		p.DataReceived([]byte(s))
		fmt.Fprint(inner.Transport, s)
	}
	wantLog(t, &buf, `
msg=connected traffic=1 peer=1.2.3.4:5
msg=received traffic=1 peer=1.2.3.4:5 bytes=3 data=abc
msg=sent traffic=1 peer=1.2.3.4:5 bytes=3 data=abc
msg=received traffic=1 peer=1.2.3.4:5 bytes=3 data=de cut=1
msg=sent traffic=1 peer=1.2.3.4:5 bytes=3 data=de cut=1
`)
	if string(inner.Received) != "abcdefghi" {
		t.Errorf("received %q", inner.Received)
	}
}

// Below the logger's level nothing is logged, and without a logger it is the default one's.
func TestTrafficLogLevel(t *testing.T) {
	var buf bytes.Buffer
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(logger(&buf, slog.LevelInfo))
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo} {
		p := build(NewTrafficLoggingFactory(recorders, TrafficLog{Level: level}), "1.2.3.4:5")
		p.ConnectionMade(reactortest.NewStringTransport())
		p.DataReceived([]byte("a"))
	}
	wantLog(t, &buf, `
msg=connected traffic=1 peer=1.2.3.4:5
msg=received traffic=1 peer=1.2.3.4:5 bytes=1 data=a
`)
}

func wantLog(t *testing.T, buf *bytes.Buffer, want string) {
	t.Helper()
	if got := "\n" + buf.String(); got != want {
		t.Errorf("log:\n%s\nwant:\n%s", got, want)
	}
}
