// Package report holds protocols that tell what reaches them, in lines of text. They run natively and, in the folder
// beside it, as a guest.
package report

import (
	"fmt"
	"io"

	"github.com/wasmnet/wasmnet/reactor/http1"
	"github.com/wasmnet/wasmnet/reactor/protocol"
)

// Build makes protocols that write lines to w. What they are says the value of the key "report": "" for the stream
// itself ("peer ADDRESS", "host ADDRESS" and "bytes HEX"), "http1" for a server, "chunked" for a decoder of bodies,
// "dns-message" and "dns-name" for decoders of what has come so far ("dns JSON").
func Build(w io.Writer, lookup func(key string) (value string, ok bool)) (protocol.Factory, error) {
	l, err := limits(lookup)
	if err != nil {
		return nil, err
	}
	switch kind, _ := lookup("report"); kind {
	case "":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol { return &reporter{output: w} }), nil
	case "http1":
		app, _ := lookup("app")
		return httpFactory(w, app, l)
	case "chunked":
		return protocol.FactoryFunc(func(protocol.Address) protocol.Protocol {
			var d http1.ChunkedDecoder
			d.Reset(l)
			return &chunked{output: w, decoder: d}
		}), nil
	case "dns-message", "dns-name":
		offset, _ := lookup("start_offset")
		return dnsFactory(w, kind, offset)
	default:
		return nil, fmt.Errorf("report %q: want nothing, http1, chunked, dns-message or dns-name", kind)
	}
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
