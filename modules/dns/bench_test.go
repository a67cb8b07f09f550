package dns

import (
	"strings"
	"testing"
)

func BenchmarkRespond(b *testing.B) {
	p := responder{server: newServer(b, nil, Config{Zones: zones(b, example)})}
	for _, text := range []string{"web.example. A edns", "www.example. A edns", "nope.example. A edns", "example. MX edns"} {
		query := ask(b, text)
		b.Run(strings.ReplaceAll(text, " ", "-"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.respond(query, asker{})
			}
		})
	}
}
