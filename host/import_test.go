package host_test

import (
	"io"
	"slices"
	"testing"

	"github.com/wasmnet/wasmnet/abi"
	"github.com/wasmnet/wasmnet/host"
)

func TestBasicImports(t *testing.T) {
	w := newWorld(t)
	p, s, _ := w.pull(host.ServiceConfig{Name: "front", Config: map[string]string{"greeting": "good morning"}})
	if p.expect(abi.ConnectionMade).a <= 0 {
		t.Error("the connection has no handle")
	}
	p.callText("log", "hello \x1b[31mred\x00 \xff", 2)
	w.log.Wait(t, "level=WARN", "module=puppet.wasm", "service=front", "conn=", `hello \\x1b[31mred\\x00 `, "source=guest")

	if n := p.callText("config", "greeting"); n != 12 {
		t.Errorf("config gives the length %d", n)
	}
	if n := p.doText("greeting", 3, int64(p.scratch), 8, int64(p.scratch)+100, 4); n != 12 {
		t.Errorf("config gives the length %d", n)
	}
	if b := p.peek(p.scratch+100, 5); string(b) != "good\x00" {
		t.Errorf("config copied %q", b)
	}
	if n := p.callText("config", "nothing"); abi.Code(n) != abi.NotFound {
		t.Errorf("config of an unknown key: %d", n)
	}

	if a, b := p.call("now", 0), p.call("now", 0); a <= 0 || b < a {
		t.Errorf("monotonic clock: %d, then %d", a, b)
	}
	if wall := p.call("now", 1); wall < 1.7e18 {
		t.Errorf("wall clock: %d", wall)
	}
	if code := p.call("now", 2); abi.Code(code) != abi.Invalid {
		t.Errorf("clock 2: %d", code)
	}

	p.call("random", int64(p.scratch), 16)
	a := p.peek(p.scratch, 16)
	p.call("random", int64(p.scratch), 16)
	if b := p.peek(p.scratch, 16); string(a) == string(b) {
		t.Error("random gives the same bytes again")
	}

	for _, m := range []struct {
		kind  int64
		name  string
		value uint64
		want  abi.Code
	}{
		{0, "requests", 0x3ff0000000000000, abi.OK},      // 1
		{0, "requests", 0x4000000000000000, abi.OK},      // 2
		{0, "requests", 0xbff0000000000000, abi.Invalid}, // -1
		{1, "requests", 0x3ff0000000000000, abi.Conflict},
		{3, "x", 0, abi.Invalid},
		{1, "Bad", 0, abi.Invalid},
		{1, "", 0, abi.Invalid},
		{2, "size", 0x7ff8000000000000, abi.Invalid}, // not a number
		{2, "size", 0x4059000000000000, abi.OK},      // 100
	} {
		if got := p.doText(m.name, 2, m.kind, int64(p.scratch), int64(len(m.name)), int64(m.value)); abi.Code(got) != m.want {
			t.Errorf("metric %d %q: %d, want %d", m.kind, m.name, got, m.want)
		}
	}
	metrics := s.Stats().Metrics
	if len(metrics) != 2 || metrics[0].Name != "requests" || metrics[0].Value != 3 || metrics[1].Count != 1 {
		t.Errorf("metrics %+v", metrics)
	}

	if code := p.call("stop", 0); abi.Code(code) != abi.Denied {
		t.Errorf("stop of a server: %d", code)
	}
	for _, name := range []string{"kv_get", "kv_delete", "kv_put", "kv_update", "publish", "subscribe", "unsubscribe"} {
		if code := p.call(name); abi.Code(code) != abi.Unsupported {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code := p.call("set_receive_buffer", int64(p.scratch), 1023); abi.Code(code) != abi.Invalid {
		t.Errorf("a receive buffer of 1023 bytes: %d", code)
	}
}

func TestConnInfoAndOptions(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{Name: "front"})
	conn := int64(p.expect(abi.ConnectionMade).a)
	for key, want := range map[int64]string{
		abi.InfoPeer:            p.LocalAddr().String(),
		abi.InfoHost:            address,
		abi.InfoService:         "front",
		abi.InfoNetwork:         "tcp",
		abi.InfoALPN:            abi.NotFound.Error(),
		abi.InfoListener:        abi.NotFound.Error(),
		abi.InfoPeerCredentials: abi.NotFound.Error(),
		15:                      abi.Invalid.Error(),
		-1:                      abi.Invalid.Error(),
	} {
		if got := p.info(conn, key); got != want {
			t.Errorf("conn_info %d: %q, want %q", key, got, want)
		}
	}
	for _, c := range []struct {
		option, value int64
		want          abi.Code
	}{
		{abi.OptionNoDelay, 0, abi.OK}, {abi.OptionKeepAlive, 1, abi.OK}, {abi.OptionIdleTimeout, 1e9, abi.OK},
		{abi.OptionIdleTimeout, -1, abi.Invalid}, {9, 0, abi.Invalid}, {abi.OptionNoDelay, 2, abi.Invalid},
	} {
		if got := p.call("set_option", conn, c.option, c.value); abi.Code(got) != c.want {
			t.Errorf("set_option %d %d: %d, want %d", c.option, c.value, got, c.want)
		}
	}
}

func TestClosing(t *testing.T) {
	w := newWorld(t)
	p, _, address := w.pull(host.ServiceConfig{Isolation: host.PerService})
	p.expect(abi.ConnectionMade)

	c := dial(t, address)
	conn := int64(p.expect(abi.ConnectionMade).a)
	send(t, c, "hi")
	if e := p.expect(abi.DataReceived); e.data != "hi" || e.b != 2 {
		t.Errorf("%v", e)
	}
	got := p.all(p.texting("write", "bye", conn), p.importing("lose_connection", conn), p.importing("lose_connection", conn),
		p.texting("write", "more", conn), p.importing("lose_write_connection", conn), p.importing("resume_reading", conn))
	if want := []int64{3, 0, 0, int64(abi.Closed), int64(abi.Closed), 0}; !slices.Equal(got, want) {
		t.Errorf("write, lose, lose, write, half-close, resume: %d, want %d", got, want)
	}
	if got := drained(t, c); got != "bye" {
		t.Errorf("the peer got %q", got)
	}
	if e := p.expect(abi.ConnectionLost); int64(e.a) != conn || e.b != 0 {
		t.Errorf("%v", e)
	}
	if code := p.callText("write", "more", conn); abi.Code(code) != abi.Handle {
		t.Errorf("write to what is lost: %d", code)
	}

	c = dial(t, address)
	conn = int64(p.expect(abi.ConnectionMade).a)
	got = p.all(p.texting("write", "lost", conn), p.importing("abort_connection", conn), p.importing("abort_connection", conn),
		p.texting("write", "more", conn))
	if want := []int64{4, 0, 0, int64(abi.Closed)}; !slices.Equal(got, want) {
		t.Errorf("write, abort, abort, write: %d, want %d", got, want)
	}
	if e := p.expect(abi.ConnectionLost); e.b != 2 {
		t.Errorf("%v", e)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("the peer got %v, want a reset", err)
	}

	c = dial(t, address)
	p.expect(abi.ConnectionMade)
	c.Close()
	if e := p.expect(abi.ConnectionLost); e.b != 0 {
		t.Errorf("%v", e)
	}
}
