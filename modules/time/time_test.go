package timeprotocol

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/wasmnet/wasmnet/modules/internal/moduletest"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// at is a clock that shows one time.
type at struct {
	protocol.Reactor
	time time.Time
}

func (a at) Now() time.Time { return a.time }

func TestTime(t *testing.T) {
	for _, c := range []struct{ name, time, want string }{
		{"RFC 868's first example", "1970-01-01T00:00:00Z", "83aa7e80"},
		{"RFC 868's second example", "1976-01-01T00:00:00Z", "8ef30500"},
		{"another zone", "1976-01-01T01:00:00+01:00", "8ef30500"},
		{"before the number wraps", "2036-02-07T06:28:15Z", "ffffffff"},
		{"when the number wraps", "2036-02-07T06:28:16Z", "00000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			when, err := time.Parse(time.RFC3339, c.time)
			if err != nil {
				t.Fatal(err)
			}
			f, err := New(at{time: when}, Config{})
			if err != nil {
				t.Fatal(err)
			}
			r := reactortest.Feed(f.BuildProtocol(nil), nil, nil)
			if got := fmt.Sprintf("%x", r.Output); got != c.want || !r.Closed {
				t.Errorf("%s, closed %v, want %s and closed", got, r.Closed, c.want)
			}
		})
	}
}

func TestDatagram(t *testing.T) {
	f, err := New(reactortest.NewReactor(), Config{})
	if err != nil {
		t.Fatal(err)
	}
	// 100 years of 365 days, and 24 leap days, lie between 1900 and 2000.
	if got := moduletest.Ask(t, f, 4000, ""); len(got) != 1 || binary.BigEndian.Uint32([]byte(got[0])) != (100*365+24)*24*60*60 {
		t.Errorf("%q", got)
	}
}
