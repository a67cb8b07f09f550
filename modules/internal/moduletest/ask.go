package moduletest

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/wasmnet/wasmnet/reactor/protocol"
	"github.com/wasmnet/wasmnet/reactor/reactortest"
)

// Ask sends a datagram to a port of f in memory, from this port, and returns the answers.
func Ask(t testing.TB, f protocol.Factory, from uint16, question string) []string {
	t.Helper()
	df, ok := f.(protocol.DatagramFactory)
	if !ok {
		t.Fatalf("a %T serves no datagrams", f)
	}
	r := reactortest.NewReactor()
	at := netip.MustParseAddrPort("127.0.0.1:9")
	if _, err := r.ListenUDP("udp:9:interface=127.0.0.1", df.BuildDatagramProtocol(protocol.UDPAddress{AddrPort: at})); err != nil {
		t.Fatal(err)
	}
	a := &asker{question: question, to: at}
	if _, err := r.ListenUDP(fmt.Sprintf("udp:%d:interface=127.0.0.1", from), a); err != nil {
		t.Fatal(err)
	}
	r.Settle()
	return a.answers
}

type asker struct {
	question string
	to       netip.AddrPort
	answers  []string
}

func (a *asker) StartProtocol(t protocol.DatagramTransport) { t.WriteTo([]byte(a.question), a.to) }
func (a *asker) DatagramReceived(data []byte, from netip.AddrPort) {
	a.answers = append(a.answers, string(data))
}
func (a *asker) StopProtocol(error) {}
