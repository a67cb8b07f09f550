package qotd

import (
	"strings"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func quote(t *testing.T, r *reactortest.Reactor, c Config) string {
	t.Helper()
	f, err := New(r, c)
	if err != nil {
		t.Fatal(err)
	}
	client := &reactortest.Recorder{}
	p := r.Join(client, f.BuildProtocol(nil))
	p.Settle()
	if p.Server.Lost() == nil {
		t.Error("the connection is still open")
	}
	return client.Take()
}

func TestQuotes(t *testing.T) {
	r := reactortest.NewReactor()
	if got, want := quote(t, r, Config{}), DefaultQuote+"\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := quote(t, r, Config{Quotes: []string{"one\ntwo\n"}}), "one\r\ntwo\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestEveryDayHasItsQuote(t *testing.T) {
	r := reactortest.NewReactor()
	c := Config{Quotes: []string{"a", "b", "c"}}
	first := quote(t, r, c)
	r.Advance(24 * time.Hour)
	second := quote(t, r, c)
	r.Advance(48 * time.Hour)
	if again := quote(t, r, c); first == second || again != first {
		t.Errorf("%q, next day %q, two days later %q", first, second, again)
	}
}

func TestQuotesThatAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "only a line end": "\n", "too long": strings.Repeat("x", MaxLength-1),
	} {
		if _, err := New(reactortest.NewReactor(), Config{Quotes: []string{text}}); err == nil {
			t.Errorf("%s: is taken", name)
		}
	}
	if _, err := New(reactortest.NewReactor(), Config{Quotes: []string{strings.Repeat("x", MaxLength-2)}}); err != nil {
		t.Errorf("longest quote: %v", err)
	}
}

func TestConfigure(t *testing.T) {
	c, err := Configure(moduletest.Settings("quote", "one\n%\ntwo"))
	if err != nil || len(c.Quotes) != 2 || c.Quotes[0] != "one" || c.Quotes[1] != "two" {
		t.Errorf("%q, %v", c.Quotes, err)
	}
}

func TestDatagram(t *testing.T) {
	f, err := New(reactortest.NewReactor(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := moduletest.Ask(t, f, 4000, ""); len(got) != 1 || got[0] != DefaultQuote+"\r\n" {
		t.Errorf("%q", got)
	}
}
