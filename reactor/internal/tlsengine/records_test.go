package tlsengine

import (
	"bytes"
	"testing"
)

func TestRecordsAreCountedInAnyPieces(t *testing.T) {
	var stream []byte
	for _, size := range []int{0, 1, 300, 5, 70_000 & 0xffff} {
		stream = append(append(stream, 23, 3, 3, byte(size>>8), byte(size)), make([]byte, size)...)
	}
	stream = append(stream, 23, 3, 3, 0, 9, 'c', 'u', 't')
	for _, piece := range []int{1, 3, 64, len(stream)} {
		var r records
		for rest := stream; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			r.fed(rest[:min(piece, len(rest))])
		}
		if r.whole != 5 || r.left != 6 {
			t.Errorf("in pieces of %d: %+v, want 5 records and 6 bytes to come", piece, r)
		}
	}
}

// Whatever sizes records, pieces and reads have, all that was sent is read before the session says that there is no more.
func TestNothingIsLeftUnread(t *testing.T) {
	for _, version := range versions {
		t.Run(version.name, func(t *testing.T) {
			w := newWorld(t)
			w.server.MaxVersion = version.number
			for _, chunk := range []int{1, 3, 100, MaxFeed} {
				for _, readSize := range []int{1, 10, 100, 4096} {
					l := w.link(t, chunk)
					l.server.readSize = readSize
					l.until(l.established)
					var sent []byte
					long := 200
					if chunk*readSize >= 10_000 {
						long = 20_000 // two records
					}
					for _, sizes := range [][]int{{1}, {10, 100, 1}, {100, 100}, {long}, {9, 1, 90}} {
						for _, size := range sizes {
							p := pattern(size)
							if err := l.client.session.Write(p); err != nil {
								t.Fatal(err)
							}
							sent = append(sent, p...)
						}
						for l.carry() {
						}
						if !bytes.Equal(l.server.received, sent) {
							t.Fatalf("pieces of %d, reads of %d: %d bytes of %d are read", chunk, readSize, len(l.server.received), len(sent))
						}
					}
					l.client.session.CloseWrite()
					for l.carry() {
					}
					if l.server.err == nil {
						t.Fatalf("pieces of %d, reads of %d: the end is not noticed", chunk, readSize)
					}
				}
			}
		})
	}
}

// crypto/tls allocates whenever it asks for ciphertext. A message is one record: it should ask once, and not also before
// and after it.
func TestAMessageIsAskedForOnce(t *testing.T) {
	w := newWorld(t)
	l := w.link(t, MaxFeed)
	l.until(l.established)
	l.carry()
	message, buffer := pattern(64), make([]byte, 4096)
	server := l.server.session
	cost := func(forget bool) float64 {
		return testing.AllocsPerRun(500, func() {
			l.client.out = l.client.out[:0]
			if err := l.client.session.Write(message); err != nil {
				t.Fatal(err)
			}
			server.counted, server.dry = !forget, server.dry && !forget
			if n, err := server.Read(buffer); n != 0 || err != nil {
				t.Fatalf("%d bytes before the message, %v", n, err)
			}
			server.Feed(copy(server.Space(), l.client.out))
			server.counted = !forget
			if n, err := server.Read(buffer); err != nil || !bytes.Equal(buffer[:n], message) {
				t.Fatalf("%q, %v", buffer[:n], err)
			}
		})
	}
	if counting, asking := cost(false), cost(true); counting >= asking {
		t.Errorf("a message allocates %v times, and %v if it is asked for until there is none", counting, asking)
	}
}
