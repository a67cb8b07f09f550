package daytime

import (
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func TestDaytime(t *testing.T) {
	r := reactortest.NewReactor()
	for layout, want := range map[string]string{
		"":           r.Now().UTC().Format("Monday, January 2, 2006 15:04:05-MST") + "\r\n",
		"2006-01-02": r.Now().UTC().Format("2006-01-02") + "\r\n",
	} {
		f, err := New(r, Config{Layout: layout})
		if err != nil {
			t.Fatal(err)
		}
		client := &reactortest.Recorder{}
		p := r.Join(client, f.BuildProtocol(nil))
		p.Settle()
		if got := client.Take(); got != want || p.Server.Lost() == nil {
			t.Errorf("layout %q: %q, lost %v, want %q and closed", layout, got, p.Server.Lost(), want)
		}
	}
}

func TestLayoutIsOneLine(t *testing.T) {
	if _, err := New(reactortest.NewReactor(), Config{Layout: "15:04\n05"}); err == nil {
		t.Error("a layout of two lines is taken")
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings("layout", "15:04"))
	if err != nil || c.Layout != "15:04" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestDatagram(t *testing.T) {
	f, err := New(reactortest.NewReactor(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := moduletest.Ask(t, f, 4000, ""); len(got) != 1 || got[0] != "Saturday, January 1, 2000 00:00:00-UTC\r\n" {
		t.Errorf("%q", got)
	}
}
