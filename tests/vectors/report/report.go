// Package report is a protocol that tells what reaches it: the addresses of its connection, and the bytes. It runs
// natively and, in the folder beside it, as a guest.
package report

import (
	"fmt"
	"io"

	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Factory makes protocols that write lines to w: "peer ADDRESS", "host ADDRESS" and "bytes HEX".
func Factory(w io.Writer) protocol.Factory {
	return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &reporter{output: w} })
}

type reporter struct {
	protocol.Base
	output io.Writer
}

// ConnectionMade implements [protocol.Protocol].
func (r *reporter) ConnectionMade(t protocol.Transport) {
	r.Base.ConnectionMade(t)
	fmt.Fprintf(r.output, "peer %s\nhost %s\n", t.Peer(), t.Host())
}

// DataReceived implements [protocol.Protocol].
func (r *reporter) DataReceived(data []byte) { fmt.Fprintf(r.output, "bytes %x\n", data) }
