package amp

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/amp"
	"github.com/wasmnet/wasmnet/reactor/deferred"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

func configure(pairs ...string) (Config, error) {
	return Configure(moduletest.Settings(pairs...))
}

// serve connects a client to a server.
func serve(t *testing.T, c Config) (*amp.AMP, *reactortest.Pair) {
	t.Helper()
	f, err := New(nil, c)
	if err != nil {
		t.Fatal(err)
	}
	client := amp.New(nil)
	return client, reactortest.NewPair(client, f.BuildProtocol(nil))
}

func result[T any](pair *reactortest.Pair, d *deferred.Deferred[T]) string {
	pair.Settle()
	text := "nothing"
	d.Handle(func(value T, err error) {
		if text = fmt.Sprint(value); err != nil {
			text = err.Error()
		}
	})
	return text
}

func TestSum(t *testing.T) {
	client, pair := serve(t, Config{})
	huge := new(big.Int).Lsh(big.NewInt(1), 100)
	if got, want := result(pair, Sum.CallRemote(client, SumArguments{huge, big.NewInt(-1)})), "{1267650600228229401496703205375}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestDivide(t *testing.T) {
	huge := new(big.Int).Exp(big.NewInt(10), big.NewInt(400), nil)
	for _, c := range []struct {
		numerator, denominator *big.Int
		want                   string
	}{
		{big.NewInt(1), big.NewInt(-3), "{-0.3333333333333333}"},
		{big.NewInt(0), big.NewInt(-5), fmt.Sprintf("{%v}", math.Copysign(0, -1))},
		{huge, huge, "{1}"},
		{big.NewInt(1), huge, "{0}"},
		{big.NewInt(1), big.NewInt(0), "ZERO_DIVISION: division by zero"},
		{huge, big.NewInt(1), "UNKNOWN: Unknown Error"},
	} {
		client, pair := serve(t, Config{App: "Divide"})
		if got := result(pair, Divide.CallRemote(client, DivideArguments{c.numerator, c.denominator})); got != c.want {
			t.Errorf("%.10v/%.10v: %s, want %s", c.numerator, c.denominator, got, c.want)
		}
	}
}

func TestOnlyWhatIsConfigured(t *testing.T) {
	client, pair := serve(t, Config{App: "Divide"})
	want := "UNHANDLED: Unhandled Command: b'Sum'"
	if got := result(pair, Sum.CallRemote(client, SumArguments{big.NewInt(1), big.NewInt(2)})); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestReportedBoxes(t *testing.T) {
	input := "\x00\x01k\x00\x01v\x00\x02\"a\x00\x00\x00\x00\x00\x00"
	reactortest.CheckChunks(t, []byte(input), func() (protocol.Protocol, func() string) {
		var out strings.Builder
		f, err := New(nil, Config{App: AppBoxes, Output: &out})
		if err != nil {
			t.Fatal(err)
		}
		return f.BuildProtocol(nil), func() string {
			if got, want := out.String(), "box \"\\\"a\"= \"k\"=76\nbox\n"; got != want {
				t.Errorf("reported %q, want %q", got, want)
			}
			return out.String()
		}
	})
}

func TestLargeBox(t *testing.T) {
	f, err := New(nil, Config{MaxBox: 100})
	if err != nil {
		t.Fatal(err)
	}
	r := reactortest.Feed(f.BuildProtocol(nil), []byte("\x00\x01k\x00\x70"), reactortest.Whole())
	if !r.Closed || r.Output != "" {
		t.Errorf("%v", r)
	}
}

func TestConfigure(t *testing.T) {
	if c, err := configure(); err != nil || c.App != DefaultApp || c.MaxBox != amp.DefaultMaxBoxLength {
		t.Errorf("%+v, %v", c, err)
	}
	for _, app := range []string{"Sum", "Divide,Sum", AppBoxes} {
		if c, err := configure("app", app, "max-box", "100"); err != nil || c.App != app || c.MaxBox != 100 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	for _, pairs := range [][]string{{"app", "Multiply"}, {"app", "Sum,"}, {"max-box", "1"}} {
		if _, err := configure(pairs...); err == nil || !strings.HasPrefix(err.Error(), pairs[0]+"=") {
			t.Errorf("%v: %v", pairs, err)
		}
	}
	if _, err := New(nil, Config{App: "Multiply"}); err == nil {
		t.Error("an unknown command is taken")
	}
}
