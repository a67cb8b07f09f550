package basic_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/basic"
	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// decoder makes a receiver with a small limit, and what tells what its user saw.
type decoder func() (protocol.Protocol, func() string)

// fuzzDecoder looks for an input that a decoder reads differently when it comes in other chunks. (The in-memory
// connection also overwrites the chunks, and the decoder must not panic.)
func fuzzDecoder(f *testing.F, build decoder, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, input []byte) { reactortest.CheckChunks(t, input, build) })
}

// viewed is a log that keeps what it delivered as text.
func viewed(build func(l *patient) protocol.Protocol) decoder {
	return func() (protocol.Protocol, func() string) {
		l := &patient{}
		return build(l), func() string { return fmt.Sprintf("%q", l.entries) }
	}
}

func FuzzLineReceiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.LineReceiver{Handler: l, MaxLength: 8}
	}), "a\r\nbc\r\n", "12345678\r\n", "123456789\r\nx\r\n", "\r\r\n\n\r\n", "1234567890", "12345678\r")
}

// The handler closes on a line that is too long, as it does by default.
func FuzzLineReceiverCloses(f *testing.F) {
	fuzzDecoder(f, func() (protocol.Protocol, func() string) {
		l := &log{}
		return &basic.LineReceiver{Handler: l, MaxLength: 8, Delimiter: []byte("aab")}, func() string {
			return fmt.Sprintf("%q", l.entries)
		}
	}, "xaabyaab", "aaab", "aaaaaaaaaaaab", "12345678aab", "123456789aab")
}

// LineOnlyReceiver tells chunks apart in one case that Twisted's rule asks for: a line of the limit whose delimiter is
// split. A delimiter of one byte cannot be.
func FuzzLineOnlyReceiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.LineOnlyReceiver{Handler: l, MaxLength: 8, Delimiter: []byte("\n")}
	}), "a\nbc\n", "12345678\n", "123456789\nx\n", "\n\n")
}

func FuzzRawMode(f *testing.F) {
	fuzzDecoder(f, func() (protocol.Protocol, func() string) {
		p := newSwitcher()
		return p, func() string { return fmt.Sprintf("%q", p.got) }
	}, "hello\r\n5\r\na\r\nb\r3\r\nxyzbye\r\n", "0\r\n0\r\n1\r\n", "1000\r\n"+strings.Repeat("x", 1000))
}

func FuzzNetstringReceiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.NetstringReceiver{Handler: l, MaxLength: 12}
	}), "5:hello,0:,", "12:0123456789ab,", "13:", "01:", "1:ab", "1:a,:")
}

func FuzzInt8Receiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.Int8Receiver{Handler: l, MaxLength: 5}
	}), "\x01a\x00\x05abcde\x06abcdef\x01b")
}

func FuzzInt16Receiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.Int16Receiver{Handler: l, MaxLength: 5}
	}), "\x00\x01a\x00\x00\x00\x05abcde\x00\x06abcdef\x00\x01b", "\xff\xff")
}

func FuzzInt32Receiver(f *testing.F) {
	fuzzDecoder(f, viewed(func(l *patient) protocol.Protocol {
		return &basic.Int32Receiver{Handler: l, MaxLength: 5}
	}), "\x00\x00\x00\x01a\x00\x00\x00\x00\x00\x00\x00\x05abcde", "\xff\xff\xff\xff", "\x00\x00\x00\x06abcdef")
}

func FuzzStatefulReceiver(f *testing.F) {
	fuzzDecoder(f, func() (protocol.Protocol, func() string) {
		l := &log{}
		return &basic.StatefulReceiver{Handler: newCounted(l)}, func() string { return fmt.Sprintf("%q", l.entries) }
	}, "\x01a\x00\x05abcde", "\xff")
}
